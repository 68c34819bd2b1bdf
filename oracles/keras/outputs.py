"""What models of Keras compute, in the form in which it is compared."""


def called(model, inputs):
    """What a model of Keras makes of a list of inputs: a list of outputs.

    A call computes what `model.predict` does without compiling it first.
    """
    outputs = model(inputs[0] if len(inputs) == 1 else inputs, training=False)
    return [output.numpy() for output in (outputs if isinstance(outputs, list) else [outputs])]


def numbered(outputs):
    return {f"y{place}": output for place, output in enumerate(outputs)}
