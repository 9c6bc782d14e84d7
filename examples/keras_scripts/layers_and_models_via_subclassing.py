"""Layers and a model of one's own: a variational autoencoder of handwritten digits.

The calls of https://keras.io/guides/making_new_layers_and_models_via_subclassing/: weights made in `build` or
`__init__`, a weight that counts and is not trained, layers made of layers, `add_loss`, the `training` argument, noise
from a generator, `get_config`, and a subclassed `Model` that is compiled and fitted; on scikit-learn's digits.

    python examples/keras_scripts/layers_and_models_via_subclassing.py --epochs 20
"""

from __future__ import annotations

from _arguments import parsed

import tinynet as keras
from tinynet.datasets import digits

layers = keras.layers
ops = keras.ops

PIXELS = 64


class Linear(layers.Layer):
    """x · w + b, with weights made once the size of the inputs is known."""

    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="w")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class ActivityRegularization(layers.Layer):
    """Adds a penalty on large activities to the loss, and passes them on."""

    def __init__(self, rate=1e-2, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * ops.mean(ops.square(inputs)))
        return inputs

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


class CustomDropout(layers.Layer):
    """Dropout with a generator of its own, in training only."""

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs, training=None):
        if training:
            return keras.random.dropout(inputs, rate=self.rate, seed=self.seed_generator)
        return inputs


class MLPBlock(layers.Layer):
    """Two layers of the kinds above, one after the other; their weights and losses are the block's."""

    def __init__(self, units, dropout, **kwargs):
        super().__init__(**kwargs)
        self.first = Linear(units)
        self.dropout = CustomDropout(dropout)
        self.second = Linear(units)
        self.penalty = ActivityRegularization(1e-3)

    def call(self, inputs, training=None):
        x = ops.relu(self.first(inputs))
        x = self.dropout(x, training=training)
        return self.penalty(ops.relu(self.second(x)))


class ComputeSum(layers.Layer):
    """Keeps the sum of all rows it has seen in a weight that is not trained."""

    def __init__(self, input_dim):
        super().__init__()
        self.total = self.add_weight(shape=(input_dim,), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.total.assign_add(ops.sum(inputs, axis=0))
        return self.total


class Sampling(layers.Layer):
    """A point of the normal distribution with this mean and logarithm of the variance."""

    def __init__(self, noise=1.0, **kwargs):
        super().__init__(**kwargs)
        self.noise = noise
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_var = inputs
        batch, dim = ops.shape(mean)
        epsilon = keras.random.normal(shape=(batch, dim), dtype=mean.dtype, seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_var) * epsilon * self.noise


class Encoder(layers.Layer):
    """Digits to mean, logarithm of the variance, and a point drawn with them."""

    def __init__(self, latent_dim, intermediate_dim, randomness, **kwargs):
        super().__init__(**kwargs)
        self.block = MLPBlock(intermediate_dim, dropout=0.1 if randomness else 0.0)
        self.mean = layers.Dense(latent_dim)
        self.log_var = layers.Dense(latent_dim)
        self.sampling = Sampling(noise=1.0 if randomness else 0.0)

    def call(self, inputs):
        x = self.block(inputs)
        mean, log_var = self.mean(x), self.log_var(x)
        return mean, log_var, self.sampling((mean, log_var))


class Decoder(layers.Layer):
    """A point to the digit it stands for."""

    def __init__(self, original_dim, intermediate_dim, **kwargs):
        super().__init__(**kwargs)
        self.projection = layers.Dense(intermediate_dim, activation="relu")
        self.pixels = layers.Dense(original_dim, activation="sigmoid")

    def call(self, inputs):
        return self.pixels(self.projection(inputs))


class VariationalAutoEncoder(keras.Model):
    """Both together; the divergence of the points from the standard normal distribution is a loss of the model."""

    def __init__(self, original_dim, intermediate_dim, latent_dim, randomness=True, **kwargs):
        super().__init__(**kwargs)
        self.encoder = Encoder(latent_dim, intermediate_dim, randomness)
        self.decoder = Decoder(original_dim, intermediate_dim)

    def call(self, inputs):
        mean, log_var, point = self.encoder(inputs)
        divergence = -0.5 * ops.mean(log_var - ops.square(mean) - ops.exp(log_var) + 1)
        self.add_loss(1e-2 * divergence)
        return self.decoder(point)


def load_data(samples):
    """Digits as rows of 64 pixels in [0, 1]: inputs and targets are the same."""
    (x_train, _), (x_test, _) = digits.load_data()
    train, test = ((x.reshape(-1, PIXELS) / 16).astype("float32")[:samples] for x in (x_train, x_test))
    return {"train": (train, train), "test": (test, test)}


def make_models(randomness=True, intermediate_dim=64, latent_dim=8):
    """The autoencoder; `randomness` is the noise of the points and dropout."""
    model = VariationalAutoEncoder(PIXELS, intermediate_dim, latent_dim, randomness)
    model(ops.zeros((1, PIXELS)))  # makes the weights
    return [model]


def train(models, data, epochs, shuffle=True, callbacks=()):
    """Adam on the squared error, to which the model adds its own losses."""
    (model,) = models
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=keras.losses.MeanSquaredError())
    settings = {"batch_size": 64, "epochs": epochs, "shuffle": shuffle, "verbose": 2}
    return [model.fit(*data["train"], validation_data=data["test"], callbacks=list(callbacks), **settings)]


def predict(models, data):
    """The digits set aside, after they went through the model."""
    return models[0].predict(data["test"][0], verbose=0)


def main():
    options = parsed(__doc__, samples=1437, epochs=10)
    adder = ComputeSum(2)
    adder(ops.ones((2, 2)))
    print("sum of 4 rows of ones:", ops.convert_to_numpy(adder(ops.ones((2, 2)))))
    print("trained weights of ComputeSum:", adder.trainable_weights)
    block = MLPBlock(32, dropout=0.5)
    block(ops.ones((3, PIXELS)), training=True)
    print("weights of a block:", len(block.weights), "- losses of its last call:", len(block.losses))
    copy = Linear.from_config(block.first.get_config())
    print("a layer made from a configuration has", copy.units, "units")
    data = load_data(options.samples)
    models = make_models()
    train(models, data, options.epochs)
    models[0].summary()


if __name__ == "__main__":
    main()
