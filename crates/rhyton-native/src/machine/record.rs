//! From a chain's instructions to a block: the functions of `simd`, which are written once over
//! [`Arithmetic`], run on values that stand for vectors and write down what they do.

use std::cell::RefCell;

use rhyton_graph::{Binary, Compare, Unary};
use rhyton_tensor::DType;

use super::block::{Argument, Block, Node, Op, Value};
use super::encode::Width;
use crate::plan::elementwise::Operation;
use crate::plan::program::{Chain, Instruction, LeafKind, Operand};
use crate::simd::{Arithmetic, binary_of, compare_of, scale_in_steps, unary_of};

thread_local! {
    /// The block that the functions write to: they pass values, and nothing else.
    static BLOCK: RefCell<Option<Block>> = const { RefCell::new(None) };
}

/// Adds to the block of this thread.
fn with<T>(action: impl FnOnce(&mut Block) -> T) -> T {
    BLOCK.with_borrow_mut(|block| action(block.as_mut().expect("a chain is being recorded")))
}

fn compute(op: Op, operands: &[Value]) -> Value {
    with(|block| block.compute(op, operands))
}

fn constant(bits: u32) -> Value {
    with(|block| block.constant(bits))
}

/// Lanes that write down what is asked of them.
struct Recorder;

impl Arithmetic for Recorder {
    type F = Value;
    type I = Value;
    type M = Value;

    fn splat(value: f32) -> Value {
        constant(value.to_bits())
    }
    fn splat_int(value: i32) -> Value {
        constant(value as u32)
    }
    fn add(a: Value, b: Value) -> Value {
        compute(Op::Add, &[a, b])
    }
    fn sub(a: Value, b: Value) -> Value {
        compute(Op::Subtract, &[a, b])
    }
    fn mul(a: Value, b: Value) -> Value {
        compute(Op::Multiply, &[a, b])
    }
    fn div(a: Value, b: Value) -> Value {
        compute(Op::Divide, &[a, b])
    }
    fn fma(a: Value, b: Value, c: Value) -> Value {
        compute(Op::Fma, &[a, b, c])
    }
    fn min(a: Value, b: Value) -> Value {
        compute(Op::Minimum, &[a, b])
    }
    fn max(a: Value, b: Value) -> Value {
        compute(Op::Maximum, &[a, b])
    }
    fn sqrt(a: Value) -> Value {
        compute(Op::SquareRoot, &[a])
    }
    fn floor(a: Value) -> Value {
        compute(Op::Floor, &[a])
    }
    fn ceil(a: Value) -> Value {
        compute(Op::Ceil, &[a])
    }
    fn round(a: Value) -> Value {
        compute(Op::Round, &[a])
    }
    fn less(a: Value, b: Value) -> Value {
        compute(Op::Less, &[a, b])
    }
    fn less_equal(a: Value, b: Value) -> Value {
        compute(Op::LessEqual, &[a, b])
    }
    fn equal(a: Value, b: Value) -> Value {
        compute(Op::Equal, &[a, b])
    }
    fn is_nan(a: Value) -> Value {
        compute(Op::IsNan, &[a])
    }
    fn select(mask: Value, a: Value, b: Value) -> Value {
        compute(Op::Select, &[mask, a, b])
    }
    fn nonzero_bits(a: Value) -> Value {
        compute(Op::NonZero, &[a])
    }
    fn to_int(a: Value) -> Value {
        compute(Op::ToInt, &[a])
    }
    fn to_float(a: Value) -> Value {
        compute(Op::ToFloat, &[a])
    }
    fn bits(a: Value) -> Value {
        a
    }
    fn from_bits(a: Value) -> Value {
        a
    }
    fn int_add(a: Value, b: Value) -> Value {
        compute(Op::IntAdd, &[a, b])
    }
    fn int_sub(a: Value, b: Value) -> Value {
        compute(Op::IntSubtract, &[a, b])
    }
    fn int_and(a: Value, b: Value) -> Value {
        compute(Op::And, &[a, b])
    }
    fn int_or(a: Value, b: Value) -> Value {
        compute(Op::Or, &[a, b])
    }
    fn into_exponent(a: Value) -> Value {
        compute(Op::ShiftLeft(23), &[a])
    }
    fn from_exponent(a: Value) -> Value {
        compute(Op::ShiftSigned(23), &[a])
    }
    fn int_half(a: Value) -> Value {
        compute(Op::ShiftSigned(1), &[a])
    }
    fn scale(x: Value, n: Value) -> Value {
        match with(|block| block.width) {
            Width::Ymm => scale_in_steps::<Self>(x, n),
            Width::Zmm => compute(Op::Scale, &[x, n]),
        }
    }
}

/// What one vector of the chain's elements computes; none if an instruction has no machine code.
pub(super) fn record(chain: &Chain, width: Width) -> Option<Block> {
    BLOCK.set(Some(Block::new(width)));
    let mut recording = Recording {
        chain,
        registers: vec![None; chain.registers],
        stored: vec![None; chain.stores.len()],
        tiles: 0,
    };
    let complete = chain.instructions.iter().try_for_each(|step| recording.instruction(step));
    let mut block = BLOCK.take()?;
    complete?;
    block.drop_dead();
    Some(block)
}

struct Recording<'a> {
    chain: &'a Chain,
    registers: Vec<Option<Value>>,
    stored: Vec<Option<Value>>,
    /// Leaves that are expanded, each to a tile of its own.
    tiles: usize,
}

impl Recording<'_> {
    fn instruction(&mut self, instruction: &Instruction) -> Option<()> {
        match *instruction {
            Instruction::Load { leaf, to } => {
                let place = &self.chain.leaves[leaf];
                if place.source.dtype == DType::F64 {
                    return None;
                }
                self.registers[to] = Some(if place.kind == LeafKind::Scalar {
                    Self::scalar(leaf)
                } else {
                    self.expanded(leaf)
                });
            }
            Instruction::Write { from, store } => self.store(store, self.value(from)?)?,
            Instruction::Compute { operation, ref operands, to } => {
                let mut values = [self.value(operands[0])?; 3];
                for (value, &operand) in values.iter_mut().zip(operands) {
                    *value = self.value(operand)?;
                }
                let result = apply(operation, values)?;
                match to {
                    Operand::Register(register) => self.registers[register] = Some(result),
                    Operand::Stored(store) => {
                        self.stored[store] = Some(result);
                        self.store(store, result)?;
                    }
                    Operand::Leaf(_) | Operand::Scalar(_) => return None,
                }
            }
        }
        Some(())
    }

    fn scalar(leaf: usize) -> Value {
        with(|block| {
            let argument = block.argument(Argument::Scalar(leaf), false);
            block.value(Node::Scalar(argument))
        })
    }

    fn expanded(&mut self, leaf: usize) -> Value {
        let tile = self.tiles;
        self.tiles += 1;
        with(|block| {
            let argument = block.argument(Argument::Expanded(tile, leaf), false);
            block.value(Node::Load(argument))
        })
    }

    /// The value of an operand.
    fn value(&self, operand: Operand) -> Option<Value> {
        match operand {
            Operand::Register(register) => self.registers[register],
            Operand::Stored(store) => self.stored[store],
            Operand::Scalar(leaf) => Some(Self::scalar(leaf)),
            Operand::Leaf(leaf) => {
                let source = &self.chain.leaves[leaf].source;
                let written = self.chain.stores.iter().any(|store| store.slot == source.slot);
                let word = source.dtype.size_bytes() == size_of::<u32>();
                word.then(|| {
                    with(|block| {
                        let argument = block.argument(Argument::Leaf(leaf), false);
                        let load = block.value(Node::Load(argument));
                        // What a store replaces must be read before it.
                        if written { block.compute(Op::Pin, &[load]) } else { load }
                    })
                })
            }
        }
    }

    fn store(&mut self, store: usize, value: Value) -> Option<()> {
        let dtype = self.chain.stores[store].dtype;
        let bytes = dtype == DType::Bool;
        if !bytes && dtype.size_bytes() != size_of::<u32>() {
            return None;
        }
        with(|block| {
            let argument = block.argument(Argument::Store(store), bytes);
            block.store(argument, value);
        });
        Some(())
    }
}

/// An instruction of the interpreter on values.
fn apply(operation: Operation, [a, b, c]: [Value; 3]) -> Option<Value> {
    match operation {
        Operation::Unary(function) => Some(unary_of::<Recorder>(function, a)),
        Operation::Binary(function) => Some(binary_of::<Recorder>(function, a, b)),
        Operation::Compare(comparison) => Some(compare_of::<Recorder>(comparison, a, b)),
        Operation::Select => Some(compute(Op::Select, &[compute(Op::NonZero, &[a]), b, c])),
        Operation::IntegerUnary(function, dtype) => Some(integer_unary(function, dtype, a)),
        Operation::Integer(function, dtype) => integer_binary(function, dtype, a, b),
        Operation::IntegerCompare(comparison, dtype) => {
            Some(integer_compare(comparison, dtype == DType::I32, a, b))
        }
        Operation::Convert(from, to) => Some(convert(from, to, a)),
        _ => None,
    }
}

/// As `kernels::integers::unary`.
fn integer_unary(function: Unary, dtype: DType, x: Value) -> Value {
    let signed = dtype == DType::I32;
    let negative = |x| compute(Op::IntSubtract, &[constant(0), x]);
    match function {
        Unary::BitwiseNot if dtype == DType::Bool => compute(Op::Xor, &[x, constant(1)]),
        Unary::BitwiseNot => compute(Op::Xor, &[x, constant(u32::MAX)]),
        Unary::Negative => negative(x),
        Unary::Absolute if signed => compute(Op::IntMaximum, &[x, negative(x)]),
        Unary::Sign if signed => {
            let above = compute(Op::IntMaximum, &[x, constant(u32::MAX)]);
            compute(Op::IntMinimum, &[above, constant(1)])
        }
        Unary::Sign => compute(Op::WordMinimum, &[x, constant(1)]),
        _ => x,
    }
}

/// As `kernels::integers::binary`.
fn integer_binary(function: Binary, dtype: DType, a: Value, b: Value) -> Option<Value> {
    let signed = dtype == DType::I32;
    let op = match function {
        Binary::Add => Op::IntAdd,
        Binary::Subtract => Op::IntSubtract,
        Binary::Multiply => Op::IntMultiply,
        Binary::Maximum if signed => Op::IntMaximum,
        Binary::Minimum if signed => Op::IntMinimum,
        Binary::Maximum => Op::WordMaximum,
        Binary::Minimum => Op::WordMinimum,
        Binary::BitwiseAnd => Op::And,
        Binary::BitwiseOr => Op::Or,
        Binary::BitwiseXor => Op::Xor,
        Binary::ShiftLeft => Op::ShiftLeftBy,
        Binary::ShiftRight if signed => Op::ShiftSignedBy,
        Binary::ShiftRight => Op::ShiftRightBy,
        _ => return None,
    };
    Some(compute(op, &[a, b]))
}

/// The word 1 where the mask holds, else the word 0.
fn word(mask: Value) -> Value {
    compute(Op::Select, &[mask, constant(1), constant(0)])
}

/// The word 0 where the mask holds, else the word 1.
fn opposite(mask: Value) -> Value {
    compute(Op::Select, &[mask, constant(0), constant(1)])
}

/// As `kernels::integers::compare`.
fn integer_compare(comparison: Compare, signed: bool, a: Value, b: Value) -> Value {
    let less = if signed { Op::IntLess } else { Op::WordLess };
    match comparison {
        Compare::Equal => word(compute(Op::IntEqual, &[a, b])),
        Compare::NotEqual => opposite(compute(Op::IntEqual, &[a, b])),
        Compare::Less => word(compute(less, &[a, b])),
        Compare::Greater => word(compute(less, &[b, a])),
        Compare::LessEqual => opposite(compute(less, &[b, a])),
        Compare::GreaterEqual => opposite(compute(less, &[a, b])),
    }
}

/// As `kernels::integers::convert`.
fn convert(from: DType, to: DType, x: Value) -> Value {
    let float = |value: f32| constant(value.to_bits());
    let select = |mask, a, b| compute(Op::Select, &[mask, a, b]);
    // 2³¹, where the machine's conversion ends.
    let end = 2_147_483_648.0_f32;
    match (from, to) {
        (DType::F32, DType::I32) => {
            let inside = compute(Op::ToIntTruncated, &[x]);
            let above = compute(Op::LessEqual, &[float(end), x]);
            let whole = select(above, constant(i32::MAX as u32), inside);
            select(compute(Op::IsNan, &[x]), constant(0), whole)
        }
        (DType::F32, DType::U32) => {
            // The second operand is the result for NaN.
            let x = compute(Op::Maximum, &[x, float(0.0)]);
            let low = compute(Op::ToIntTruncated, &[x]);
            let rest = compute(Op::ToIntTruncated, &[compute(Op::Subtract, &[x, float(end)])]);
            let high = compute(Op::Xor, &[rest, constant(1 << 31)]);
            let whole = select(compute(Op::LessEqual, &[float(end), x]), high, low);
            let above = compute(Op::LessEqual, &[float(2.0 * end), x]);
            select(above, constant(u32::MAX), whole)
        }
        (DType::F32, DType::Bool) => opposite(compute(Op::Equal, &[x, float(0.0)])),
        (DType::U32, DType::F32) => {
            // Both halves are exact; their sum is rounded once.
            let high = compute(Op::ToFloat, &[compute(Op::ShiftRight(16), &[x])]);
            let low = compute(Op::ToFloat, &[compute(Op::And, &[x, constant(0xFFFF)])]);
            compute(Op::Fma, &[high, float(65_536.0), low])
        }
        (DType::I32 | DType::Bool | DType::U8, DType::F32) => compute(Op::ToFloat, &[x]),
        (DType::F32, _) => x,
        (_, DType::Bool) => word(compute(Op::NonZero, &[x])),
        _ => x,
    }
}
