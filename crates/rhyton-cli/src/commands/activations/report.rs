use rhyton::activations::review::{
    Bound, End, Half, Inputs, Limit, Monotone, Range, Review, Worst,
};
use serde_json::{Value, json};

use crate::output::number;

/// A review for programs, with the keys of its fields.
pub(super) fn json(review: &Review) -> Value {
    let kinks = review.kinks.iter().map(|kink| {
        json!({
            "at": number(kink.at),
            "below": number(kink.below),
            "above": number(kink.above),
            "chosen": number(kink.chosen),
        })
    });
    let jumps = review.jumps.iter().map(|jump| {
        json!({
            "at": number(jump.at),
            "below": number(jump.below),
            "above": number(jump.above),
            "value": number(jump.value),
        })
    });
    let check = &review.derivative_check;
    json!({
        "points": review.points,
        "nan": inputs(&review.nan),
        "overflow": inputs(&review.overflow),
        "infinite": inputs(&review.infinite),
        "inaccurate": inputs(&review.inaccurate),
        "value_error": worst(&review.value_error),
        "derivative_error": worst(&review.derivative_error),
        "derivative_failures": inputs(&review.derivative_failures),
        "derivative_check": {
            "agrees": check.agrees(),
            "points": check.points,
            "deviation": number(check.deviation),
            "at": number(check.at),
        },
        "kinks": kinks.collect::<Vec<_>>(),
        "jumps": jumps.collect::<Vec<_>>(),
        "more_kinks": review.more_kinks,
        "monotone": monotone(review.monotone),
        "minimum": bound(&review.minimum),
        "maximum": bound(&review.maximum),
        "saturation": review.saturation.iter().map(range).collect::<Vec<_>>(),
        "ends": review.ends.iter().map(end).collect::<Vec<_>>(),
        "at_zero": number(review.at_zero),
        "float16": half(&review.float16),
        "bfloat16": half(&review.bfloat16),
    })
}

pub(super) fn worst(Worst { ulp, at }: &Worst) -> Value {
    json!({"ulp": number(*ulp), "at": number(*at)})
}

fn inputs(Inputs { ranges, points }: &Inputs) -> Value {
    json!({"ranges": ranges.iter().map(range).collect::<Vec<_>>(), "points": points})
}

fn range(Range { from, to }: &Range) -> Value {
    json!({"from": number(*from), "to": number(*to)})
}

fn bound(Bound { value, at }: &Bound) -> Value {
    json!({"value": number(*value), "at": number(*at)})
}

fn half(Half { worst: error, failures }: &Half) -> Value {
    json!({"error": worst(error), "failures": failures})
}

fn end(end: &End) -> Value {
    let (kind, size) = match end.limit {
        Limit::Constant(value) => ("constant", number(value)),
        Limit::Linear(slope) => ("linear", number(slope)),
        Limit::Infinite(value) => ("infinite", number(value)),
        Limit::Undefined => ("undefined", Value::Null),
        Limit::Unknown => ("unknown", Value::Null),
    };
    json!({"limit": kind, "of": size, "value": number(end.value), "slope": number(end.slope)})
}

fn monotone(kind: Monotone) -> &'static str {
    match kind {
        Monotone::Increasing => "increasing",
        Monotone::Decreasing => "decreasing",
        Monotone::Constant => "constant",
        Monotone::Neither => "neither",
    }
}
