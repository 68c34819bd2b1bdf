"""Networks that several tests train, and what of them is compared."""

import keras

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "rmsprop": lambda: keras.optimizers.RMSprop(1e-3),
    "adam": lambda: keras.optimizers.Adam(1e-3),
    "adamw": lambda: keras.optimizers.AdamW(1e-3),
}


def blog(optimizer, activation="swish"):
    """The digit recogniser of the blog, compiled."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(256, activation=activation, name="first"),
            keras.layers.Dense(100, name="second"),
            keras.layers.BatchNormalization(name="normalization"),
            keras.layers.Dense(10, activation="softmax", name="last"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def weights(model):
    """Weights by layer and name."""
    return {
        f"{layer.name}/{variable.name}": variable.numpy()
        for layer in model.layers
        for variable in layer.weights
    }


def state(model):
    """The optimizer's variables, by place: two models may name them differently."""
    return {f"{place}": variable.numpy() for place, variable in enumerate(model.optimizer.variables)}
