use std::collections::HashMap;

use rhyton_graph::{ConvolutionWindow, Dot, Graph, NodeId, Shape};
use rhyton_tensor::DType;

use super::elementwise::{self, Operation};
use super::views::{Strided, View, Views};
use crate::machine::Code;

/// A value as a step reads it.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) slot: usize,
    pub(crate) shape: Shape,
    pub(crate) view: View,
    pub(crate) dtype: DType,
}

impl Source {
    pub(crate) fn bind(&self, batch: usize) -> Strided {
        self.view.bind(&self.shape, batch)
    }
}

/// Elementwise instructions over tiles of one shape, perhaps behind a matrix product.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) shape: Shape,
    pub(crate) product: Option<Product>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) stores: Vec<Store>,
    pub(crate) registers: usize,
    /// What computes whole vectors of elements instead of the instructions.
    pub(crate) code: Option<Code>,
}

impl Chain {
    /// Tiles of working memory that a thread needs.
    pub(crate) fn tiles(&self) -> usize {
        self.registers.max(self.code.as_ref().map_or(0, Code::tiles))
    }
}

/// What a product sums.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    Dot(Dot),
    /// Windows of the first operand times a kernel.
    Convolution(ConvolutionWindow),
    /// The derivative of a convolution by its x, of this shape; the first operand is the cotangent.
    InputGradient(ConvolutionWindow, Shape),
}

/// A matrix product, or a convolution, and where its result lies.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) form: Form,
    pub(crate) operands: [Source; 2],
    pub(crate) to: usize,
    /// Whether only the chain behind it reads the result, so that a panel of it is enough.
    pub(crate) fleeting: bool,
    /// Working memory for the packed second operand, or the first one with channels repeated.
    pub(crate) packed: usize,
}

/// A value that a chain reads.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) source: Source,
    pub(crate) kind: LeafKind,
}

/// How a leaf's elements meet those of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeafKind {
    /// Word for word: read where it lies.
    Direct,
    /// One element beside all.
    Scalar,
    /// Repeated, reordered or narrow: a tile of it is written to a register first.
    Expanded,
}

/// A value that a chain writes, dense.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) slot: usize,
    pub(crate) dtype: DType,
}

/// Where an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operand {
    Register(usize),
    Leaf(usize),
    Scalar(usize),
    /// In the memory of a store that this tile has written.
    Stored(usize),
}

/// One sweep over a tile.
#[derive(Debug, Clone)]
pub(crate) enum Instruction {
    /// A tile of a leaf to a register.
    Load { leaf: usize, to: usize },
    /// A function of operands, to a register or straight to a store's memory.
    Compute { operation: Operation, operands: [Operand; 3], to: Operand },
    /// A register to memory.
    Write { from: Operand, store: usize },
}

/// What the compiler needs to know about memory.
pub(crate) struct Memory<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) views: &'a Views,
    pub(crate) slots: &'a [Option<usize>],
}

impl Memory<'_> {
    /// A node's value as a step reads it.
    pub(crate) fn source(&self, view: View) -> Source {
        let node = self.graph.node(view.root);
        let slot = self.slots[view.root.index()].expect("a value that is read has memory");
        Source { slot, shape: node.spec.shape.clone(), dtype: node.spec.dtype, view }
    }
}

struct Compiler<'a> {
    memory: &'a Memory<'a>,
    chain: Chain,
    members: &'a [NodeId],
    value: HashMap<NodeId, Operand>,
    leaves: HashMap<(NodeId, String), usize>,
    expanded: HashMap<usize, Operand>,
    /// For every member and leaf how many reads are still to come.
    pending: HashMap<Key, usize>,
    free: Vec<usize>,
    /// Pairs of registers, each by its first.
    free_pairs: Vec<usize>,
    late: Vec<(Operand, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Member(NodeId),
    Leaf(usize),
}

/// Compiles members, in rising order, to instructions. `stored` are those with memory.
pub(crate) fn compile(memory: &Memory<'_>, members: &[NodeId], product: Option<Product>) -> Chain {
    let chain = Chain {
        shape: memory.graph.node(members[0]).spec.shape.clone(),
        product,
        leaves: Vec::new(),
        instructions: Vec::new(),
        stores: Vec::new(),
        registers: 0,
        code: None,
    };
    let mut compiler = Compiler {
        memory,
        chain,
        members,
        value: HashMap::new(),
        leaves: HashMap::new(),
        expanded: HashMap::new(),
        pending: HashMap::new(),
        free: Vec::new(),
        free_pairs: Vec::new(),
        late: Vec::new(),
    };
    compiler.gather_leaves();
    for &member in members {
        compiler.emit(member);
    }
    for (from, store) in std::mem::take(&mut compiler.late) {
        compiler.chain.instructions.push(Instruction::Write { from, store });
    }
    compiler.chain
}

impl Compiler<'_> {
    /// Finds all leaves and counts how often each value is read.
    fn gather_leaves(&mut self) {
        for &member in self.members {
            for operand in elementwise::operands(self.memory.graph, member) {
                let key = self.key(operand);
                *self.pending.entry(key).or_insert(0) += 1;
            }
        }
    }

    fn key(&mut self, operand: NodeId) -> Key {
        let view = self.memory.views.read(operand);
        if view.is_root() && self.members.binary_search(&view.root).is_ok() {
            return Key::Member(view.root);
        }
        let name = (view.root, format!("{:?}", view.steps));
        if let Some(&leaf) = self.leaves.get(&name) {
            return Key::Leaf(leaf);
        }
        let source = self.memory.source(view);
        let one = source.shape.fixed_sizes().is_some_and(|sizes| sizes.iter().all(|&s| s == 1));
        let word = matches!(source.dtype, DType::F32 | DType::I32 | DType::U32 | DType::F64);
        let dense = source.view.is_dense();
        let same = source.view.is_root() && source.shape == self.chain.shape;
        let kind = match (one, word && dense) {
            (true, _) if word && !same => LeafKind::Scalar,
            (_, true) => LeafKind::Direct,
            _ => LeafKind::Expanded,
        };
        self.chain.leaves.push(Leaf { source, kind });
        let leaf = self.chain.leaves.len() - 1;
        self.leaves.insert(name, leaf);
        Key::Leaf(leaf)
    }

    /// A register, or the first of two neighbours for f64.
    fn register(&mut self, wide: bool) -> usize {
        let free = if wide { &mut self.free_pairs } else { &mut self.free };
        free.pop().unwrap_or_else(|| {
            let first = self.chain.registers;
            self.chain.registers += 1 + usize::from(wide);
            first
        })
    }

    fn is_wide(&self, key: Key) -> bool {
        let dtype = match key {
            Key::Member(member) => self.memory.graph.node(member).spec.dtype,
            Key::Leaf(leaf) => self.chain.leaves[leaf].source.dtype,
        };
        dtype == DType::F64
    }

    fn load(&mut self, leaf: usize) -> Operand {
        let to = self.register(self.is_wide(Key::Leaf(leaf)));
        self.chain.instructions.push(Instruction::Load { leaf, to });
        Operand::Register(to)
    }

    fn operand(&mut self, key: Key) -> Operand {
        match key {
            Key::Member(member) => self.value[&member],
            Key::Leaf(leaf) => match self.chain.leaves[leaf].kind {
                LeafKind::Direct => Operand::Leaf(leaf),
                LeafKind::Scalar => Operand::Scalar(leaf),
                LeafKind::Expanded => {
                    if let Some(&known) = self.expanded.get(&leaf) {
                        return known;
                    }
                    let register = self.load(leaf);
                    self.expanded.insert(leaf, register);
                    register
                }
            },
        }
    }

    /// Scalars stand beside a tile only where the loops know how; elsewhere they become one.
    fn spread_scalars(
        &mut self,
        operation: Operation,
        operands: &mut [Operand],
    ) -> Vec<(Operand, bool)> {
        let is_scalar = |operand: &Operand| matches!(operand, Operand::Scalar(_));
        let all = operands.iter().all(is_scalar);
        let mut spread = Vec::new();
        for (place, operand) in operands.iter_mut().enumerate() {
            let Operand::Scalar(leaf) = *operand else { continue };
            let beside = match operation {
                Operation::Binary(_)
                | Operation::Compare(_)
                | Operation::BinaryByWide(_)
                | Operation::WideBinary(_)
                | Operation::WideCompare(_) => !(all && place == 0),
                Operation::Select | Operation::WideSelect => place > 0,
                _ => false,
            };
            if !beside {
                *operand = self.load(leaf);
                spread.push((*operand, self.is_wide(Key::Leaf(leaf))));
            }
        }
        spread
    }

    fn emit(&mut self, member: NodeId) {
        let graph = self.memory.graph;
        let operation = elementwise::operation(graph, member).expect("members have instructions");
        let keys: Vec<Key> = elementwise::operands(graph, member)
            .into_iter()
            .map(|operand| self.key(operand))
            .collect();
        let mut operands: Vec<Operand> = keys.iter().map(|&key| self.operand(key)).collect();
        let spread = self.spread_scalars(operation, &mut operands);
        let store = self.memory.slots[member.index()].map(|slot| self.store(member, slot));
        let direct = store.filter(|&store| self.is_direct(store));
        let to = match direct {
            Some(store) => Operand::Stored(store),
            None => Operand::Register(self.register(operation.is_wide())),
        };
        let first = operands[0];
        operands.resize(3, first);
        let operands = [operands[0], operands[1], operands[2]];
        self.chain.instructions.push(Instruction::Compute { operation, operands, to });
        self.value.insert(member, to);
        for (operand, wide) in spread {
            self.recycle(operand, wide);
        }
        let mut kept = false;
        if let (Some(store), None) = (store, direct) {
            if self.is_read(self.chain.stores[store].slot) {
                self.late.push((to, store));
                kept = true;
            } else {
                self.chain.instructions.push(Instruction::Write { from: to, store });
            }
        }
        if kept {
            // The register lives to the end.
            *self.pending.entry(Key::Member(member)).or_insert(0) += 1;
        }
        for key in keys {
            self.release(key);
        }
        if self.pending.get(&Key::Member(member)).is_none_or(|&count| count == 0) {
            self.recycle(to, operation.is_wide());
        }
    }

    fn store(&mut self, member: NodeId, slot: usize) -> usize {
        let dtype = self.memory.graph.node(member).spec.dtype;
        self.chain.stores.push(Store { slot, dtype });
        self.chain.stores.len() - 1
    }

    /// Whether a leaf of the chain lies in a slot.
    fn is_read(&self, slot: usize) -> bool {
        self.chain.leaves.iter().any(|leaf| leaf.source.slot == slot)
    }

    /// Whether instructions may write the store's memory itself.
    fn is_direct(&self, store: usize) -> bool {
        let Store { slot, dtype } = self.chain.stores[store];
        dtype != DType::Bool && !self.is_read(slot)
    }

    fn release(&mut self, key: Key) {
        let count = self.pending.get_mut(&key).expect("every read was counted");
        *count -= 1;
        if *count > 0 {
            return;
        }
        let wide = self.is_wide(key);
        match key {
            Key::Member(member) => {
                let operand = self.value[&member];
                self.recycle(operand, wide);
            }
            Key::Leaf(leaf) => {
                if let Some(operand) = self.expanded.remove(&leaf) {
                    self.recycle(operand, wide);
                }
            }
        }
    }

    fn recycle(&mut self, operand: Operand, wide: bool) {
        if let Operand::Register(register) = operand {
            let free = if wide { &mut self.free_pairs } else { &mut self.free };
            free.push(register);
        }
    }
}
