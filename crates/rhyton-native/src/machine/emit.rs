//! From a block to machine code: a loop over vectors of elements, one instruction or a few for each
//! value.

use super::block::{Block, Item, Node, Op, Value};
use super::encode::{self, Address, Form, Opcode, Place, Width};
use super::registers::Registers;

/// Machine code and where it is entered.
#[derive(Debug)]
pub(super) struct Emitted {
    pub(super) bytes: Vec<u8>,
    pub(super) entry: usize,
    /// Vector instructions of one round of the loop.
    pub(super) instructions: usize,
}

/// Predicates of comparisons of floats, quiet, false for NaN but for the last.
const EQUAL: u8 = 0x00;
const LESS: u8 = 0x11;
const LESS_EQUAL: u8 = 0x12;
const GREATER_EQUAL: u8 = 0x1D;
const GREATER: u8 = 0x1E;
const UNORDERED: u8 = 0x03;
/// Of integers.
const INT_EQUAL: u8 = 0;
const INT_LESS: u8 = 1;
const INT_GREATER: u8 = 6;
/// Rounding to the nearest, ties to even, without an exception; down; up.
const NEAREST: u8 = 0x08;
const DOWN: u8 = 0x09;
const UP: u8 = 0x0A;

/// The code of a block.
pub(super) fn emit(block: &Block) -> Emitted {
    let mut registers = Registers::new(block);
    registers.write_constants();
    registers.encoder.align(64);
    let entry = registers.encoder.bytes.len();
    registers.enter();
    registers.hoist();
    registers.encoder.clear_index();
    registers.encoder.align(32);
    let (start, before) = (registers.encoder.bytes.len(), registers.encoder.vectors);
    for item in &block.items {
        match *item {
            Item::Compute(value) => compute(&mut registers, value),
            Item::Store { argument, value } => store(&mut registers, argument, value),
        }
        registers.advance();
    }
    let instructions = registers.encoder.vectors - before;
    registers.encoder.repeat(start);
    registers.exit();
    Emitted { bytes: registers.encoder.bytes, entry, instructions }
}

fn store(registers: &mut Registers<'_>, argument: usize, value: Value) {
    let from = registers.register(value);
    if !registers.block.bytes[argument] {
        let address = Address::Element(registers.pointer(argument), 2);
        registers.encoder.vector(&Form::new(encode::STORE, from, 0, Place::Memory(address)));
    } else if registers.block.width == Width::Zmm {
        let address = Address::Element(registers.pointer(argument), 0);
        registers.encoder.vector(&Form::new(encode::STORE_BYTES, from, 0, Place::Memory(address)));
    } else {
        let half = registers.temporary();
        let address = Address::Element(registers.pointer(argument), 0);
        for form in [
            Form::new(encode::UPPER_HALF, from, 0, Place::Register(half)).with(1),
            Form::new(encode::PACK_WORDS, half, from, Place::Register(half)),
            Form::new(encode::PACK_BYTES, half, half, Place::Register(half)),
            Form::new(encode::STORE_HALF, half, 0, Place::Memory(address)),
        ] {
            registers.encoder.vector(&form);
        }
    }
    registers.release(&[value]);
}

fn compute(registers: &mut Registers<'_>, value: Value) {
    let Node::Compute(op, operands) = registers.block.node(value) else { return };
    let [a, b, _] = operands;
    match op {
        Op::Fma => fma(registers, value, operands),
        Op::Select => select(registers, value, operands),
        Op::Pin => one(registers, value, a, |to, rm| Form::new(encode::LOAD, to, 0, rm)),
        Op::ShiftLeft(_) | Op::ShiftRight(_) | Op::ShiftSigned(_) => shift(registers, value, op, a),
        Op::IsNan => {
            let rm = Place::Register(registers.register(a));
            two(registers, value, [a, a], |to, first, _| {
                Form::new(encode::COMPARE, to, first, rm).with(UNORDERED)
            });
        }
        Op::IntLess if registers.block.width == Width::Ymm => {
            two(registers, value, [b, a], |to, b, a| Form::new(encode::INT_GREATER, to, b, a));
        }
        _ => {
            if let Some((opcode, immediate)) = unary(op) {
                one(registers, value, a, |to, rm| Form {
                    immediate,
                    ..Form::new(opcode, to, 0, rm)
                });
                return;
            }
            let width = registers.block.width;
            let swap = registers.prefers_second(a, b) && binary(op, width, true).is_some();
            let (a, b) = if swap { (b, a) } else { (a, b) };
            let Some((opcode, immediate)) = binary(op, width, swap) else {
                unreachable!("{op:?} is made of others")
            };
            two(registers, value, [a, b], |to, first, rm| Form {
                immediate,
                ..Form::new(opcode, to, first, rm)
            });
        }
    }
}

/// The instruction of one operand.
fn unary(op: Op) -> Option<(Opcode, Option<u8>)> {
    match op {
        Op::SquareRoot => Some((encode::SQUARE_ROOT, None)),
        Op::Floor => Some((encode::ROUND, Some(DOWN))),
        Op::Ceil => Some((encode::ROUND, Some(UP))),
        Op::Round => Some((encode::ROUND, Some(NEAREST))),
        Op::ToInt => Some((encode::TO_INT, None)),
        Op::ToIntTruncated => Some((encode::TO_INT_TRUNCATED, None)),
        Op::ToFloat => Some((encode::TO_FLOAT, None)),
        _ => None,
    }
}

/// The instruction of two operands, or that of them in the other order, if there is one.
fn binary(op: Op, width: Width, swapped: bool) -> Option<(Opcode, Option<u8>)> {
    let compare = |plain, other| Some((encode::COMPARE, Some(if swapped { other } else { plain })));
    let plain = match op {
        Op::Less => return compare(LESS, GREATER),
        Op::LessEqual => return compare(LESS_EQUAL, GREATER_EQUAL),
        Op::Equal => return compare(EQUAL, EQUAL),
        Op::IntEqual if width == Width::Zmm => {
            return Some((encode::INT_COMPARE, Some(INT_EQUAL)));
        }
        Op::IntLess | Op::WordLess => {
            let signed = op == Op::IntLess;
            let opcode = if signed { encode::INT_COMPARE } else { encode::WORD_COMPARE };
            return Some((opcode, Some(if swapped { INT_GREATER } else { INT_LESS })));
        }
        _ if swapped && !op.commutes() => return None,
        Op::IntEqual => encode::INT_EQUAL,
        Op::Add => encode::ADD,
        Op::Subtract => encode::SUBTRACT,
        Op::Multiply => encode::MULTIPLY,
        Op::Divide => encode::DIVIDE,
        Op::Minimum => encode::MINIMUM,
        Op::Maximum => encode::MAXIMUM,
        Op::Scale => encode::SCALE,
        Op::IntAdd => encode::INT_ADD,
        Op::IntSubtract => encode::INT_SUBTRACT,
        Op::IntMultiply => encode::INT_MULTIPLY,
        Op::IntMinimum => encode::INT_MINIMUM,
        Op::IntMaximum => encode::INT_MAXIMUM,
        Op::WordMinimum => encode::WORD_MINIMUM,
        Op::WordMaximum => encode::WORD_MAXIMUM,
        Op::And => encode::AND,
        Op::Or => encode::OR,
        Op::Xor => encode::XOR,
        Op::ShiftLeftBy => encode::SHIFT_LEFT_BY,
        Op::ShiftRightBy => encode::SHIFT_RIGHT_BY,
        Op::ShiftSignedBy => encode::SHIFT_SIGNED_BY,
        _ => return None,
    };
    Some((plain, None))
}

fn one(
    registers: &mut Registers<'_>,
    value: Value,
    a: Value,
    form: impl FnOnce(u8, Place) -> Form,
) {
    let rm = registers.operand(a);
    registers.release(&[a]);
    let to = registers.target(value);
    registers.encoder.vector(&form(to, rm));
}

fn two(
    registers: &mut Registers<'_>,
    value: Value,
    [a, b]: [Value; 2],
    form: impl FnOnce(u8, u8, Place) -> Form,
) {
    let first = registers.register(a);
    let rm = registers.operand(b);
    registers.release(&[a, b]);
    let to = registers.target(value);
    registers.encoder.vector(&form(to, first, rm));
}

/// The only instructions whose result stands in the place of the first operand.
fn shift(registers: &mut Registers<'_>, value: Value, op: Op, a: Value) {
    let (way, places) = match op {
        Op::ShiftLeft(places) => (encode::LEFT, places),
        Op::ShiftRight(places) => (encode::RIGHT, places),
        Op::ShiftSigned(places) => (encode::SIGNED_RIGHT, places),
        _ => unreachable!("a shift by a fixed number of places"),
    };
    let from = Place::Register(registers.register(a));
    registers.release(&[a]);
    let to = registers.target(value);
    registers.encoder.vector(&Form::new(encode::SHIFT, way, to, from).with(places));
}

fn select(registers: &mut Registers<'_>, value: Value, operands: [Value; 3]) {
    let [mask, a, b] = operands;
    let zero = registers.block.node(b) == Node::Constant(0);
    let condition = registers.register(mask);
    let other = if zero { 0 } else { registers.register(b) };
    let rm = registers.operand(a);
    registers.release(&operands);
    let to = registers.target(value);
    let form = match (registers.block.width, rm) {
        (Width::Ymm, rm) if zero => Form::new(encode::AND, to, condition, rm),
        (Width::Ymm, rm) => Form::new(encode::BLEND_BY_VECTOR, to, other, rm).with(condition << 4),
        (Width::Zmm, Place::Spread(address)) if zero => {
            let form = Form::new(encode::BROADCAST, to, 0, Place::Memory(address));
            Form { mask: condition, zeroing: true, ..form }
        }
        (Width::Zmm, rm) if zero => {
            Form { mask: condition, zeroing: true, ..Form::new(encode::LOAD, to, 0, rm) }
        }
        (Width::Zmm, rm) => Form { mask: condition, ..Form::new(encode::BLEND, to, other, rm) },
    };
    registers.encoder.vector(&form);
}

/// One of the operands is overwritten: one that ends here if there is one, else a copy. Another may
/// be in memory.
fn fma(registers: &mut Registers<'_>, value: Value, operands: [Value; 3]) {
    let cost = |&(lost, kept, last, _): &(usize, usize, usize, Opcode)| {
        let [lost, kept, last] = [lost, kept, last].map(|place| operands[place]);
        let moved = !(registers.is_in_register(lost) && registers.ends(lost));
        let folded = registers.is_in_register(last) || registers.folds(last);
        usize::from(moved) + usize::from(!registers.is_in_register(kept)) + usize::from(!folded)
    };
    let ways = [
        (0, 1, 2, encode::FMA_213),
        (1, 0, 2, encode::FMA_213),
        (2, 0, 1, encode::FMA_231),
        (2, 1, 0, encode::FMA_231),
        (0, 2, 1, encode::FMA_132),
        (1, 2, 0, encode::FMA_132),
    ];
    let way = ways.into_iter().min_by_key(cost);
    let (lost, kept, last, opcode) = way.expect("there are six ways");
    let [lost, kept, last] = [lost, kept, last].map(|place| operands[place]);
    let second = registers.register(kept);
    let to = if registers.is_in_register(lost) {
        let from = registers.register(lost);
        if registers.ends(lost) {
            from
        } else {
            let copy = registers.temporary();
            let form = Form::new(encode::MOVE, copy, 0, Place::Register(from));
            registers.encoder.vector(&form);
            copy
        }
    } else {
        let fresh = registers.temporary();
        registers.load_to(fresh, lost);
        fresh
    };
    let rm = registers.operand(last);
    registers.release(&operands);
    registers.settle(to, value);
    registers.encoder.vector(&Form::new(opcode, to, second, rm));
}
