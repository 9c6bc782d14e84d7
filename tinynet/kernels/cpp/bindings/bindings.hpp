// Each family of kernels adds its functions to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace tinynet {

void bind_activation(pybind11::module_ &);
void bind_classification(pybind11::module_ &);
void bind_convolution(pybind11::module_ &);
void bind_normalization(pybind11::module_ &);
void bind_philox(pybind11::module_ &);
void bind_pooling(pybind11::module_ &);
void bind_products(pybind11::module_ &);
void bind_training(pybind11::module_ &);
void bind_recurrent(pybind11::module_ &);

}  // namespace tinynet
