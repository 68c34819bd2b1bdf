"""ONNX Runtime: predictions only; the networks are written as ONNX here, with random weights."""

import os

import protocol

options = protocol.arguments()
protocol.use_threads(options.threads)

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SHAPES = {"blog": (784,), "cnn": (1, 28, 28)}


class Writer:
    """Nodes one after another."""

    def __init__(self):
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(1)

    def weight(self, *shape):
        value = (self.random.normal(size=shape) / np.sqrt(np.prod(shape[1:] or (1,)))).astype(np.float32)
        return self.constant(value)

    def constant(self, value):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def add(self, kind, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def act(self, activation, x):
        if activation == "relu":
            return self.add("Relu", x)
        gate = x if activation == "swish" else self.add("Mul", x, self.constant(np.float32(1.5)))
        return self.add("Mul", x, self.add("Sigmoid", gate))

    def dense(self, x, inputs, units):
        return self.add("Gemm", x, self.weight(units, inputs), self.weight(units), transB=1)

    def conv(self, x, inputs, filters):
        return self.add("Conv", x, self.weight(filters, inputs, 3, 3), self.weight(filters), pads=[1, 1, 1, 1])


def body(writer, activation):
    x = writer.add("Cast", "x", to=TensorProto.FLOAT)
    x, size = writer.add("Mul", x, writer.constant(np.float32(1 / 255))), 784
    if options.network == "cnn":
        before = 1
        for filters in (32, 64):
            for _ in range(2):
                x, before = writer.act(activation, writer.conv(x, before, filters)), filters
            x = writer.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        x, size = writer.add("Flatten", x), 3136
    x = writer.act(activation, writer.dense(x, size, 256))
    x = writer.act(activation, writer.dense(x, 256, 100))
    ones = [writer.constant(np.ones(100, np.float32)) for _ in range(4)]
    x = writer.add("BatchNormalization", x, *ones, epsilon=1e-3)
    return writer.add("Softmax", writer.dense(x, 100, protocol.CLASSES))


def session(activation):
    if options.network not in SHAPES:
        raise NotImplementedError(f"{options.network} is not written in ONNX here")
    writer = Writer()
    name = body(writer, activation)
    x = helper.make_tensor_value_info("x", TensorProto.UINT8, ["N", *SHAPES[options.network]])
    y = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", protocol.CLASSES])
    graph = helper.make_graph(writer.nodes, "network", [x], [y], writer.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    how = onnxruntime.SessionOptions()
    how.intra_op_num_threads, how.inter_op_num_threads = options.threads, 1
    return onnxruntime.InferenceSession(model.SerializeToString(), how, providers=["CPUExecutionProvider"])


def predict(activation):
    x, run = protocol.images(options, SHAPES[options.network])[0], session(activation)
    batches = range(0, len(x), options.batch)
    return protocol.repeat(
        options, lambda: np.concatenate([run.run(None, {"x": x[i : i + options.batch]})[0] for i in batches]), len(x)
    )


def latency(activation):
    x, run = protocol.images(options, SHAPES[options.network])[0][:1], session(activation)
    return protocol.repeat_short(options, lambda: run.run(None, {"x": x}))


def first_predict(activation):
    x = protocol.images(options, SHAPES[options.network])[0][: options.batch]
    session(activation).run(None, {"x": x})
    protocol.say(first=True)
    os._exit(0)


def absent(activation):
    raise NotImplementedError("ONNX Runtime's package does not train")


measures = {"predict": predict, "latency": latency, "first-predict": first_predict}
protocol.versions("onnxruntime")
protocol.answer(options, measures.get(options.measure, absent))
