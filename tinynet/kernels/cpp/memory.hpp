// Memory for large results, used again when their arrays are gone.
#pragma once

#include <cstddef>

namespace tinynet {

void *take_memory(std::size_t bytes);
void give_back_memory(void *memory);

}  // namespace tinynet
