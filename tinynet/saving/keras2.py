"""Configurations as Keras 1 and 2 wrote them, told in the words of Keras 3.

Only words are exchanged here; what a configuration means is decided where all of them are read.
"""

from __future__ import annotations

import re
from typing import Any

from tinynet.errors import FileFormatError
from tinynet.saving.keras2_graphs import with_new_calls

Config = dict[str, Any]

DEEPEST = 100  # models within models, layers within layers
# Classes that have another name now.
RENAMED = {
    "Model": "Functional",
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization",
}  # fmt: skip
# Keys that Keras 3 does not have, and the values with which they change nothing.
GONE: dict[str, tuple[Any, ...]] = {
    "time_major": (False,), "implementation": (0, 1, 2), "fused": (None, False, True), "virtual_batch_size": (None,),
    "adjustment": (None,), "trainable_initial_state": (False,), "sparse": (False, None), "ragged": (False, None),
    "batch_size": (None,), "type_spec": (None,), "noise_shape": (None,), "groups": (1,),
}  # fmt: skip
GONE_FROM_OPTIMIZERS: dict[str, tuple[Any, ...]] = {
    "decay": (0.0,), "jit_compile": (None, True, False), "is_legacy_optimizer": (True, False), "epsilon": (None,),
}  # fmt: skip
# The classes of metrics that Keras 2 named by functions, where their name is not the function's.
METRICS = {
    "kl_divergence": "KLDivergence", "kullback_leibler_divergence": "KLDivergence", "kld": "KLDivergence",
    "log_cosh": "LogCoshError", "logcosh": "LogCoshError",
    "mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
}  # fmt: skip

# Names of losses that Keras 3 does not know.
LOSSES = {
    "logcosh": "log_cosh", "huber_loss": "huber", "kullback_leibler_divergence": "kl_divergence",
    "cosine": "cosine_similarity", "cosine_proximity": "cosine_similarity",
}  # fmt: skip


def is_keras2(version: str) -> bool:
    """Whether a version of Keras, as it stands in a file, is before 3."""
    return re.match(r"([3-9]|[1-9][0-9]+)(\.|$)", version, re.ASCII) is None


def in_new_words(described: Any, version: str) -> Any:
    """The configuration of a model that a version of Keras before 3 wrote, in the words of Keras 3.

    Raises `FileFormatError` for what cannot be told in them.
    """
    new = translated(described)
    if re.match(r"(1|2\.[0-3])(\.|$)(?!.*-tf)", version) and _interpolates(new):
        raise FileFormatError(
            f"UpSampling2D with interpolation 'bilinear' computed something else in Keras {version} than it does now"
        )
    return new


def _interpolates(described: Any) -> bool:
    """Whether a layer that interpolates between pixels is anywhere within."""
    waiting = [described]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and part.get("class_name") == "UpSampling2D":
            config = part.get("config")
            if isinstance(config, dict) and config.get("interpolation", "nearest") != "nearest":
                return True
        if isinstance(part, (dict, list)):
            waiting.extend(part.values() if isinstance(part, dict) else part)
    return False


def translated(described: Any, depth: int = 0) -> Any:
    """A described model or layer in the words of Keras 3; what is no description of one is left as it is."""
    if not isinstance(described, dict) or not isinstance(described.get("class_name"), str):
        return described
    if depth > DEEPEST:
        raise FileFormatError(f"models and layers within one another more than {DEEPEST} deep")
    name, config = described["class_name"], described.get("config")
    name = RENAMED.get(name, name)
    if name == "Sequential" and isinstance(config, list):  # the oldest files
        config = {"layers": config}
    if not isinstance(config, dict):
        return described
    if name == "Sequential":
        config = _sequential(config, depth)
    elif name == "Functional":
        layers = config.get("layers")
        made = [translated(layer, depth + 1) for layer in layers] if isinstance(layers, list) else layers
        config = with_new_calls({**config, "layers": made})
    else:
        config = _layer(name, config, depth)
        if name == "ThresholdedReLU":
            name, config = "ReLU", _as_relu(config)
    return {**described, "class_name": name, "config": config, "registered_name": _registered(name, described)}


def _registered(name: str, described: Config) -> Any:
    """Keras 2 registers its own classes, too."""
    registered = described.get("registered_name")
    return name if name == "Functional" else None if registered == described["class_name"] else registered


def _sequential(config: Config, depth: int) -> Config:
    layers = config.get("layers")
    if not isinstance(layers, list):
        return config
    first = layers[0] if layers and isinstance(layers[0], dict) else {}
    inner = first.get("config")
    made = [translated(layer, depth + 1) for layer in layers]
    if isinstance(inner, dict) and "batch_input_shape" in inner and first.get("class_name") != "InputLayer":
        # The shape of the inputs stood in the first layer; Embedding's numbers were floats.
        dtype = "float32" if first.get("class_name") == "Embedding" else _dtype(inner.get("dtype"))
        shape = {"batch_shape": inner["batch_input_shape"], "dtype": dtype, "name": f"{inner.get('name')}_input"}
        made.insert(0, {"class_name": "InputLayer", "config": shape})
    kept = {key: value for key, value in config.items() if key in ("name", "trainable", "build_input_shape")}
    return {**kept, "layers": made}


def _layer(name: str, config: Config, depth: int) -> Config:
    new = {
        key: _initializer(value) if key.endswith("_initializer") else _value(value, depth)
        for key, value in config.items()
        if value not in GONE.get(key, ())
    }
    shape = new.pop("batch_input_shape", None)
    new.pop("input_length", None)
    if "dtype" in new:
        new["dtype"] = _dtype(new["dtype"])
    if name == "InputLayer":
        new["batch_shape"] = shape if shape is not None else new.pop("batch_shape", None)
    elif name in ("BatchNormalization", "SyncBatchNormalization") and isinstance(new.get("axis"), list):
        new["axis"] = new["axis"][0] if len(new["axis"]) == 1 else new["axis"]
    elif name.startswith("SeparableConv"):  # whose kernels have names of their own
        new = {key: value for key, value in new.items() if not key.startswith("kernel_") or key == "kernel_size"}
    elif name.startswith("SpatialDropout") and new.get("trainable") is True:
        del new["trainable"]
    elif name in ("GRU", "GRUCell"):
        new.setdefault("reset_after", False)
    for key in ("activation", "recurrent_activation"):
        if new.get(key) == "hard_sigmoid":  # which had another slope then
            new[key] = "hard_sigmoid_keras2"
    return new


def _as_relu(config: Config) -> Config:
    """A ThresholdedReLU, which Keras 3 has no more, as the ReLU that computes the same."""
    return {**{key: value for key, value in config.items() if key != "theta"}, "threshold": config.get("theta", 1.0)}


def _value(value: Any, depth: int) -> Any:
    """A value of a layer's configuration, which may be another layer or several."""
    if isinstance(value, list):
        return [_value(part, depth) for part in value]
    return translated(value, depth + 1)


def _initializer(value: Any) -> Any:
    config = value.get("config") if isinstance(value, dict) else None
    if not isinstance(config, dict):
        return value
    new = {key: part for key, part in config.items() if key != "dtype"}
    if new.get("distribution") == "normal":
        new["distribution"] = "truncated_normal"
    return {**value, "config": new}


def _dtype(dtype: Any) -> Any:
    """The name of a dtype, also out of a policy's configuration."""
    inner = dtype.get("config") if isinstance(dtype, dict) else None
    return inner.get("name", dtype) if isinstance(inner, dict) else dtype


def translated_training(training: Any, outputs: list[str]) -> Any:
    """The settings of `compile` in the words of Keras 3.

    outputs: the names of the model's outputs, which stand in front of the names of their metrics.
    """
    if not isinstance(training, dict):
        return training
    new = {**training, "optimizer": _optimizer(training.get("optimizer"))}
    new["loss"] = _losses(training.get("loss"))
    for key in ("metrics", "weighted_metrics"):
        new[key] = _metrics(training.get(key), outputs)
    return new


def _optimizer(described: Any) -> Any:
    config = described.get("config") if isinstance(described, dict) else None
    if not isinstance(config, dict):
        return described
    name = str(described["class_name"]).removeprefix("Custom>")
    new = {key: value for key, value in config.items() if value not in GONE_FROM_OPTIMIZERS.get(key, ())}
    if "lr" in new:
        new["learning_rate"] = new.pop("lr")
    if "decay" in new and name != "Nadam" and isinstance(new.get("learning_rate"), float):
        # Nadam's decay is that of its momentum.
        decay = {"initial_learning_rate": new["learning_rate"], "decay_steps": 1, "decay_rate": new.pop("decay")}
        new["learning_rate"] = {"class_name": "InverseTimeDecay", "config": decay}
    if not new.get("use_ema"):
        new.pop("ema_overwrite_frequency", None)
    return {"class_name": name, "config": new}


def _losses(value: Any) -> Any:
    if isinstance(value, list):
        return [_losses(part) for part in value]
    config = value.get("config") if isinstance(value, dict) else None
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _losses(part) for key, part in value.items()}
    if isinstance(config, dict):
        new = {key: part for key, part in config.items() if key != "fn"}
        if new.get("reduction") == "auto":
            new["reduction"] = "sum_over_batch_size"
        return {"class_name": value["class_name"], "config": new}
    return LOSSES.get(value, value) if isinstance(value, str) else value


def _metrics(value: Any, outputs: list[str]) -> Any:
    """Metrics, which Keras 2 wrapped, and kept in a list for each output once it had been trained."""
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _metrics(part, outputs) for key, part in value.items()}
    if not isinstance(value, list):
        return _metric(value, "")
    nested = [part for part in value if isinstance(part, list)]
    if len(nested) == len(value) == 1 == len(outputs):
        return _metrics(value[0], outputs)
    if len(nested) == len(value) == len(outputs):
        prefixes = [f"{name}_" for name in outputs]
        return [[_metric(m, prefix) for m in own if m] for own, prefix in zip(value, prefixes, strict=True)]
    return [_metric(metric, "") for metric in value if metric is not None]


def _metric(value: Any, prefix: str) -> Any:
    config = value.get("config") if isinstance(value, dict) else None
    if not isinstance(config, dict):
        return value
    new = {key: part for key, part in config.items() if key != "dtype"}
    if isinstance(new.get("name"), str):
        new["name"] = new["name"].removeprefix(prefix)
    if value.get("class_name") == "MeanMetricWrapper" and isinstance(new.get("fn"), str):
        fn = new.pop("fn")
        class_name = METRICS.get(fn) or "".join(part.capitalize() for part in fn.split("_"))
        return {"class_name": class_name, "config": new}
    return {"class_name": value.get("class_name"), "config": new}
