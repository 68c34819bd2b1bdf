use rhyton_graph::{Graph, NodeId, Primitive, Shape};

/// How a value is read: the node whose elements lie in memory, and what is done to their order.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// The node that has memory.
    pub(crate) root: NodeId,
    /// Reorderings from the root's dense row-major shape to the value's, without moving elements.
    pub(crate) steps: Vec<ViewStep>,
}

/// One reordering without moving elements.
#[derive(Debug, Clone)]
pub(crate) enum ViewStep {
    /// The same elements under another shape; only of a dense value.
    Reshape(Shape),
    /// The axes in another order.
    Transpose(Vec<usize>),
    /// Repeated along axes.
    Broadcast(Shape, Vec<usize>),
}

/// A value's sizes and the distances between neighbours, in elements of its root, at one batch size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Strided {
    pub(crate) sizes: Vec<usize>,
    pub(crate) strides: Vec<usize>,
}

/// The distance between neighbours along each axis of a dense row-major array.
pub(crate) fn dense_strides(sizes: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; sizes.len()];
    for axis in (1..sizes.len()).rev() {
        strides[axis - 1] = strides[axis] * sizes[axis];
    }
    strides
}

impl View {
    fn of(root: NodeId) -> Self {
        Self { root, steps: Vec::new() }
    }

    fn with(&self, step: ViewStep) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { root: self.root, steps }
    }

    /// Whether the elements lie in the value's own row-major order.
    pub(crate) fn is_dense(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, ViewStep::Reshape(_)))
    }

    /// Whether it is the root itself, shape and all.
    pub(crate) fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Sizes and strides at a batch size.
    pub(crate) fn bind(&self, root: &Shape, batch: usize) -> Strided {
        let mut sizes = root.bind(batch);
        let mut strides = dense_strides(&sizes);
        for step in &self.steps {
            match step {
                ViewStep::Reshape(shape) => {
                    sizes = shape.bind(batch);
                    strides = dense_strides(&sizes);
                }
                ViewStep::Transpose(permutation) => {
                    sizes = permutation.iter().map(|&axis| sizes[axis]).collect();
                    strides = permutation.iter().map(|&axis| strides[axis]).collect();
                }
                ViewStep::Broadcast(shape, axes) => {
                    let wide = shape.bind(batch);
                    let mut walk = vec![0; wide.len()];
                    for (place, &axis) in axes.iter().enumerate() {
                        walk[axis] = if sizes[place] == 1 { 0 } else { strides[place] };
                    }
                    (sizes, strides) = (wide, walk);
                }
            }
        }
        Strided { sizes, strides }
    }
}

/// For each node how it is read, and which reorderings are carried out in memory because somebody
/// needs their result dense.
pub(crate) struct Views {
    pub(crate) views: Vec<View>,
    pub(crate) moved: Vec<bool>,
}

impl Views {
    /// Resolves every node of a graph.
    pub(crate) fn resolve(graph: &Graph) -> Self {
        let mut this = Self { views: Vec::new(), moved: vec![false; graph.nodes.len()] };
        for (id, node) in graph.iter() {
            this.require_dense(graph, id);
            let operand = |this: &Self| this.read(node.operands[0]);
            let view = match &node.primitive {
                Primitive::StopGradient(_) | Primitive::Tap(_) | Primitive::Assign(_) => {
                    operand(&this)
                }
                Primitive::Reshape(reshape) => {
                    operand(&this).with(ViewStep::Reshape(reshape.shape.clone()))
                }
                Primitive::Transpose(transpose) => {
                    operand(&this).with(ViewStep::Transpose(transpose.permutation.clone()))
                }
                Primitive::Broadcast(broadcast) => {
                    let step = ViewStep::Broadcast(broadcast.shape.clone(), broadcast.axes.clone());
                    operand(&this).with(step)
                }
                _ => View::of(id),
            };
            this.views.push(view);
        }
        this
    }

    /// How a user reads a node.
    pub(crate) fn read(&self, id: NodeId) -> View {
        if self.moved[id.index()] { View::of(id) } else { self.views[id.index()].clone() }
    }

    /// How the elements of a moved node are found.
    pub(crate) fn source(&self, id: NodeId) -> &View {
        &self.views[id.index()]
    }

    /// Marks the operands that the node can read only in row-major order.
    fn require_dense(&mut self, graph: &Graph, id: NodeId) {
        let node = graph.node(id);
        for (place, &operand) in node.operands.iter().enumerate() {
            let any_order = match &node.primitive {
                Primitive::Unary(_)
                | Primitive::Binary(_)
                | Primitive::Compare(_)
                | Primitive::Select(_)
                | Primitive::Cast(_) => super::elementwise::is_fast(graph, id),
                Primitive::Transpose(_)
                | Primitive::Broadcast(_)
                | Primitive::StopGradient(_)
                | Primitive::Tap(_)
                | Primitive::Assign(_)
                | Primitive::Slice(_)
                | Primitive::Reverse(_)
                | Primitive::Concatenate(_) => true,
                Primitive::Pad(_) => place == 0,
                Primitive::Dot(dot) => {
                    super::products::is_fast(graph, id)
                        && super::products::fits(graph, dot, place, &self.read(operand))
                }
                _ => false,
            };
            if !any_order && !self.read(operand).is_dense() {
                self.moved[operand.index()] = true;
            }
        }
    }
}
