"""Writes small models with the Keras that is installed: the files in `<version>.tar.xz`.

    python make.py OUT_FOLDER [--tf]        --tf takes `tensorflow.keras`: Keras 2.2.4-tf to 2.12

Runs under every Keras from 2.2.4 to the newest, so it keeps to what Python 3.6 and all of them know. Each model gets
random weights, is trained two steps, and is saved in every format that the version has:

    <model>.keras         the archive since 2.12 (there with save_format="keras_v3"); before it that ending gave HDF5
    <model>.h5            the whole model in HDF5
    <model>.weights.h5    weights in the archive's layout; before 2.12 the same name gives the layout of the next one
    <model>_weights.h5    weights alone in the older layout: Keras 2
    <model>.npz           inputs x0, x1, …, and what this version predicts for them after saving, p0, p1, …;
                          where training went on: the targets y0, y1, …, `losses` of further epochs of one batch
                          in order, and the predictions q0, q1, … after them

The versions it was run with are in README.md beside it.
"""

import inspect
import os
import sys
import tarfile
import tempfile

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if "--tf" in sys.argv:
    from tensorflow import keras
else:
    import keras

try:
    VERSION = keras.__version__
except AttributeError:  # Keras 2.13 to 2.15 from within TensorFlow
    from keras.src import __version__ as VERSION

L = keras.layers
NUMBER = tuple(int(part) for part in VERSION.split("-")[0].split(".")[:2])
STANDALONE = NUMBER < (2, 4) and not VERSION.endswith("-tf")  # the Keras of before it joined TensorFlow
if STANDALONE:
    # Its training is a matter of luck: variables change while gradients still read them, and Adam may count a step
    # before or after it has used the count. Here each reads first.
    import tensorflow

    tensorflow.compat.v1.enable_resource_variables()

    def counting_last(get_updates):
        def ordered(self, loss, params):
            updates = get_updates(self, loss, params)[1:]
            with tensorflow.control_dependencies(updates):
                return updates + [keras.backend.update_add(self.iterations, 1)]

        return ordered

    for optimizer_class in (keras.optimizers.Adam, keras.optimizers.RMSprop, keras.optimizers.SGD):
        optimizer_class.get_updates = counting_last(optimizer_class.get_updates)

STEPS = 2  # of training before saving
EPOCHS = 4  # of training after it

FEATURES, WORDS, IMAGES, SEQUENCES = (6,), (7,), (8, 9, 3), (7, 4)
CLASSES = 3
BATCH = 5
VOCABULARY = 24

MODELS = {}


def model(loss="categorical_crossentropy", goes_on=False, weights=False, trained=True, when=True):
    """A decorator: the function of that name returns the model, its inputs, and its optimizer.

    goes_on: whether training is recorded further. weights: whether weights are written alone, too.
    """

    def note(build):
        if when:
            MODELS[build.__name__] = (build, loss, goes_on, weights, trained)
        return build

    return note


def adam(rate=0.01):
    return keras.optimizers.Adam(**{RATE: rate})


RATE = "learning_rate" if "learning_rate" in inspect.signature(keras.optimizers.Adam.__init__).parameters else "lr"


def first(shape):
    """What the first layer of a Sequential is told: Keras 2's people wrote the input's shape there."""
    return {} if NUMBER >= (3, 0) else {"input_shape": shape}


def sequential(shape, layers, **options):
    head = [keras.Input(shape)] if NUMBER >= (3, 0) else []
    return keras.models.Sequential(head + layers, **options)


def floats(generator, shape):
    return generator.normal(size=(BATCH,) + shape).astype("float32")


def words(generator):
    """Sentences with zeros at the end where they are short; no other word comes twice.

    For the gradient of a word that comes twice, Keras 2's optimizers add both up, Keras 3's square each apart.
    """
    others = list(generator.permutation(VOCABULARY - 1) + 1)
    x = np.zeros((BATCH,) + WORDS, "int32")
    for row, length in enumerate([7, 3, 5, 1, 6]):
        x[row, :length] = [others.pop() for _ in range(length)]
    return x


def embedding():
    length = {"input_length": WORDS[0]} if NUMBER < (3, 0) else {}
    return L.Embedding(VOCABULARY, 4, mask_zero=True, **length)


@model(weights=True)
def cnn(generator):
    layers = [
        L.Conv2D(4, 3, padding="same", activation="relu", **first(IMAGES)),
        L.BatchNormalization(),
        L.MaxPooling2D(2),
        L.Conv2D(5, (2, 3), use_bias=False, kernel_regularizer=keras.regularizers.l2(0.01)),
        L.BatchNormalization(scale=False),
        L.Activation("relu"),
        L.AveragePooling2D(2, strides=1, padding="same"),
        L.GlobalAveragePooling2D(),
        L.Dropout(0.3),
        L.Dense(CLASSES, activation="softmax"),
    ]
    return sequential(IMAGES, layers), [floats(generator, IMAGES)], adam()


@model(goes_on=True)
def image_classifier(generator):
    layers = [
        L.Conv2D(3, 3, strides=2, padding="same", **first(IMAGES)),
        L.BatchNormalization(momentum=0.9),
        L.Activation("relu"),
        L.MaxPooling2D((2, 2), padding="same"),
        L.Flatten(),
        L.Dense(CLASSES, activation="softmax"),
    ]
    return sequential(IMAGES, layers), [floats(generator, IMAGES)], adam()


@model(goes_on=True)
def text_classifier(generator):
    layers = [embedding(), L.LSTM(3), L.Dense(CLASSES, activation="softmax")]
    return sequential(WORDS, layers), [words(generator)], adam()


@model()
def recurrent(generator):
    layers = [
        embedding(),
        L.SimpleRNN(3, return_sequences=True),
        L.LSTM(3, return_sequences=True),
        L.GRU(2),
        L.Dense(CLASSES, activation="softmax"),
    ]
    return sequential(WORDS, layers), [words(generator)], adam()


@model(weights=True)
def bidirectional(generator):
    layers = [
        embedding(),
        L.Bidirectional(L.LSTM(3, return_sequences=True)),
        L.Bidirectional(L.GRU(2, activation="relu", recurrent_dropout=0.1), merge_mode="sum"),
        L.Dense(CLASSES, activation="softmax"),
    ]
    return sequential(WORDS, layers), [words(generator)], adam()


@model()
def masked(generator):
    layers = [
        L.Masking(0.0, **first(SEQUENCES)),
        L.TimeDistributed(L.Dense(3, activation="tanh")),
        L.GRU(2, return_sequences=True, reset_after=True),
        L.SimpleRNN(3, go_backwards=True, use_bias=False),
        L.Dense(CLASSES, activation="softmax"),
    ]
    x = floats(generator, SEQUENCES)
    x[0, 4:] = x[2, 1:] = 0.0
    return sequential(SEQUENCES, layers), [x], adam()


@model()
def causal(generator):
    layers = [
        L.Conv1D(4, 2, padding="causal", dilation_rate=2, activation="relu", **first(SEQUENCES)),
        L.SpatialDropout1D(0.1),
        L.MaxPooling1D(2),
        L.TimeDistributed(L.Dense(3)),
        L.UpSampling1D(2),
        L.GlobalMaxPooling1D(),
        L.Dense(CLASSES, activation="softmax"),
    ]
    return sequential(SEQUENCES, layers), [floats(generator, SEQUENCES)], adam()


@model(loss={"label": "categorical_crossentropy", "value": "mean_squared_error"}, weights=True, goes_on=True)
def functional(generator):
    """Two inputs and outputs, a layer used twice, a model inside."""
    a, b = keras.layers.Input(FEATURES, name="a"), keras.layers.Input(FEATURES, name="b")
    shared = L.Dense(4, activation="tanh", name="shared")
    inner = sequential(
        (4,),
        [L.Dense(3, activation="tanh", **first((4,))), L.BatchNormalization(), L.Dense(4)],
        name="inner",
    )
    one, two = shared(a), shared(b)
    joined = L.Concatenate()([one, two, inner(one)])
    label = L.Dense(CLASSES, activation="softmax", name="label")(joined)
    value = L.Dense(1, name="value")(L.Add()([one, inner(two), L.Multiply()([one, two])]))
    inputs = [floats(generator, FEATURES), floats(generator, FEATURES)]
    return keras.models.Model([a, b], [label, value]), inputs, adam()


@model()
def text_graph(generator):
    """Masks, and the states of one layer for another, in a functional model."""
    x = keras.layers.Input(WORDS, dtype="int32", name="words")
    embedded = embedding()(x)
    sequence, h, c = L.LSTM(3, return_sequences=True, return_state=True)(embedded)
    decoded = L.LSTM(3)(sequence, initial_state=[h, c])
    pooled = L.Bidirectional(L.GRU(2))(embedded)
    joined = L.concatenate([decoded, pooled, h])
    label = L.Dense(CLASSES, activation="softmax")(joined)
    return keras.models.Model(x, label), [words(generator)], adam()


@model(when=not STANDALONE)
def operators(generator):
    """Arithmetic and slices of tensors: layers or operations, depending on the version."""
    a, b = keras.layers.Input(FEATURES, name="a"), keras.layers.Input(FEATURES, name="b")
    mixed = (a * 2.0 + b) / 3.0 - 1.0
    mixed = 1.0 - mixed
    sliced = mixed[:, 1:4]
    label = L.Dense(CLASSES, activation="softmax")(-sliced)
    return keras.models.Model([a, b], label), [floats(generator, FEATURES), floats(generator, FEATURES)], adam()


@model()
def nested(generator):
    """Frozen layers and models within models: weights stand in another order than layers."""
    deepest = sequential((3,), [L.Dense(3, **first((3,))), L.BatchNormalization()], name="deepest")
    inner = sequential(
        (4,),
        [L.Dense(3, trainable=False, **first((4,))), L.BatchNormalization(), deepest, L.Dense(4)],
        name="inner",
    )
    layers = [
        L.Dense(4, activation="relu", **first(FEATURES)), L.BatchNormalization(trainable=False), inner,
        L.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip
    return sequential(FEATURES, layers), [floats(generator, FEATURES)], adam()


@model()
def activations(generator):
    slope = {"negative_slope" if NUMBER >= (3, 0) else "alpha": 0.2}
    layers = [
        L.Dense(6, **first(FEATURES)), L.LeakyReLU(**slope), L.Dense(5), L.PReLU(), L.Dense(5), L.ELU(0.7), L.Dense(5),
        L.ReLU(max_value=1.5, negative_slope=0.1), L.Dense(4, activation="hard_sigmoid"),
        L.Dense(4, activation="selu"), L.Dense(4, activation="softplus"), L.Dense(CLASSES), L.Softmax(),
    ]  # fmt: skip
    if hasattr(L, "LayerNormalization"):
        layers[2:2] = [L.LayerNormalization()]
    return sequential(FEATURES, layers), [floats(generator, FEATURES)], adam()


@model(when=NUMBER < (3, 0))
def thresholded(generator):
    """A layer that Keras 3 has no more."""
    layers = [L.Dense(6, **first(FEATURES)), L.ThresholdedReLU(0.1), L.Dense(CLASSES, activation="softmax")]
    return sequential(FEATURES, layers), [floats(generator, FEATURES)], adam()


@model()
def hard_sigmoids(generator):
    layers = [
        L.LSTM(3, recurrent_activation="hard_sigmoid", return_sequences=True, **first(SEQUENCES)),
        L.GRU(3, recurrent_activation="hard_sigmoid"),
        L.Dense(4), L.Activation("hard_sigmoid"), L.Dense(CLASSES, activation="softmax"),
    ]  # fmt: skip
    return sequential(SEQUENCES, layers), [3 * floats(generator, SEQUENCES)], adam()


@model()
def separable(generator):
    layers = [
        L.ZeroPadding2D(((1, 0), (2, 1)), **first(IMAGES)),
        L.SeparableConv2D(4, 3, depth_multiplier=2, activation="relu"),
        L.DepthwiseConv2D(2, strides=2),
        L.Conv2DTranspose(3, 3, strides=2, padding="same"),
        # Keras 2.2.4 by itself took other places between the pixels than all since.
        L.UpSampling2D((2, 1), interpolation="nearest" if STANDALONE else "bilinear"),
        L.Cropping2D(1),
        L.SpatialDropout2D(0.2),
        L.GlobalMaxPooling2D(),
        L.Reshape((3, 1)),
        L.Permute((2, 1)),
        L.Flatten(),
        L.Dense(CLASSES, activation="softmax"),
    ]
    return sequential(IMAGES, layers), [floats(generator, IMAGES)], adam()


def small(**options):
    layers = [
        L.Dense(4, activation="relu", **first(FEATURES)),
        L.BatchNormalization(),
        L.Dense(CLASSES, activation="softmax"),
    ]
    return sequential(FEATURES, layers, **options)


@model(goes_on=True)
def rmsprop(generator):
    options = {} if STANDALONE else {"momentum": 0.5, "centered": True}
    return small(), [floats(generator, FEATURES)], keras.optimizers.RMSprop(**dict(options, **{RATE: 0.01}))


@model(goes_on=True)
def sgd(generator):
    optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **{RATE: 0.1})
    return small(), [floats(generator, FEATURES)], optimizer


@model(goes_on=True, when=hasattr(keras.optimizers, "schedules"))
def scheduled(generator):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 2, 0.5)
    return small(), [floats(generator, FEATURES)], keras.optimizers.Adam(schedule)


@model(goes_on=True, when=NUMBER < (2, 11))
def decayed(generator):
    return small(), [floats(generator, FEATURES)], keras.optimizers.Adam(decay=0.5, amsgrad=True, **{RATE: 0.05})


@model(goes_on=True, when=(2, 11) <= NUMBER < (3, 0))
def older_optimizer(generator):
    return small(), [floats(generator, FEATURES)], keras.optimizers.legacy.Adam(**{RATE: 0.05})


@model(trained=False)
def untrained(generator):
    return small(), [floats(generator, FEATURES)], adam()


@model(trained=False)
def uncompiled(generator):
    return small(name="a_name_of_its_own"), [floats(generator, FEATURES)], None


@model(goes_on=True)
def deferred(generator):
    """Its shapes become known from data."""
    layers = [L.Dense(4, activation="relu"), L.Dense(CLASSES, activation="softmax")]
    return keras.models.Sequential(layers), [floats(generator, FEATURES)], adam()


@model(trained=False, weights=True)
def long_names(generator):
    """A list of names that is too long for one attribute of HDF5 is split in several."""
    layers = [L.Dense(3 + i % 2, name="dense_%02d" % i, **(first(FEATURES) if i == 0 else {})) for i in range(11)]
    layers.append(L.Activation("tanh", name="long" * 1500))
    return sequential(FEATURES, layers), [floats(generator, FEATURES)], None


def random_weights(keras_model, generator):
    """None is zero or one; variances are positive."""
    arrays = []
    for weight, now in zip(keras_model.weights, keras_model.get_weights()):
        low, high = (0.5, 1.5) if "variance" in weight.name or "gamma" in weight.name else (-0.6, 0.6)
        arrays.append(generator.uniform(low, high, now.shape).astype(now.dtype))
    keras_model.set_weights(arrays)


def targets(keras_model, generator):
    """One-hot labels where the output has as many values as classes, numbers otherwise."""
    found = []
    for output in keras_model.outputs:
        size = int(output.shape[-1])
        labels = generator.randint(0, CLASSES, BATCH)
        found.append(np.eye(CLASSES)[labels] if size == CLASSES else generator.normal(size=(BATCH, size)))
    return [array.astype("float32") for array in found]


def single(arrays):
    return arrays[0] if len(arrays) == 1 else list(arrays)


def several(arrays):
    return list(arrays) if isinstance(arrays, (list, tuple)) else [arrays]


def fit(keras_model, x, y, epochs):
    """The losses of so many epochs of one batch in order."""
    history = keras_model.fit(single(x), single(y), batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)
    return history.history["loss"]


def make(folder, name):
    """One model in all formats; returns what the files are called."""
    build, loss, goes_on, weights, trained = MODELS[name]
    keras.backend.clear_session()
    generator = np.random.RandomState(sorted(MODELS).index(name))
    np.random.seed(1)
    keras_model, x, optimizer = build(generator)
    if optimizer is not None:
        metrics = {"label": ["accuracy"]} if isinstance(loss, dict) else ["accuracy"]
        keras_model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    if not keras_model.built or not keras_model.outputs:
        y = [np.eye(CLASSES)[generator.randint(0, CLASSES, BATCH)].astype("float32")]
        fit(keras_model, x, y, 1)
    else:
        y = targets(keras_model, generator)
    random_weights(keras_model, generator)
    if trained:
        fit(keras_model, x, y, STEPS)

    if NUMBER >= (2, 12) or weights:
        options = {"save_format": "keras_v3"} if NUMBER == (2, 12) else {}
        keras_model.save(os.path.join(folder, name + ".keras"), **options)
    whole = os.path.join(folder, name + ".h5")
    try:
        keras_model.save(whole)
    except ValueError as error:  # weights of equal names, which Keras 3.0 gave: it could not save such models
        print(VERSION, name, "cannot be saved as .h5:", error)
        os.remove(whole)
    if weights:
        keras_model.save_weights(os.path.join(folder, name + ".weights.h5"))
        if NUMBER < (3, 0):
            keras_model.save_weights(os.path.join(folder, name + "_weights.h5"))

    record = dict(("x%d" % i, array) for i, array in enumerate(x))
    record.update(("p%d" % i, array) for i, array in enumerate(several(keras_model.predict(single(x), verbose=0))))
    if goes_on:
        record.update(("y%d" % i, array) for i, array in enumerate(y))
        record["losses"] = np.asarray(fit(keras_model, x, y, EPOCHS))
        if not STANDALONE:  # whose batch normalization collected variances of another kind
            after = several(keras_model.predict(single(x), verbose=0))
            record.update(("q%d" % i, array) for i, array in enumerate(after))
    np.savez(os.path.join(folder, name + ".npz"), **record)


def pack(folder, path):
    """All files of a folder in one archive: HDF5 is mostly zeros, and the models share much."""
    with tarfile.open(path, "w:xz", preset=9) as packed:
        for name in sorted(os.listdir(folder)):
            entry = tarfile.TarInfo(name)  # without owner and date
            entry.size = os.path.getsize(os.path.join(folder, name))
            with open(os.path.join(folder, name), "rb") as stream:
                packed.addfile(entry, stream)


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    only = [name for name in sys.argv[2:] if not name.startswith("-")]
    with tempfile.TemporaryDirectory() as folder:
        for name in only or MODELS:
            make(folder, name)
            print(VERSION, name)
        pack(folder, os.path.join(out, VERSION + ".tar.xz"))


if __name__ == "__main__":
    main()
