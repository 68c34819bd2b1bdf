use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::Tensor;

/// One contribution of one gradient rule: a primitive's name and the operand it goes to.
pub(crate) type Place = (&'static str, usize);

#[derive(Default)]
struct State {
    wrong: Option<Place>,
    seen: BTreeSet<Place>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// Runs `check` with one contribution of one rule negated (`None`: with all as they are) and
/// returns which contributions were made.
pub(crate) fn with_wrong<T>(
    wrong: Option<Place>,
    check: impl FnOnce() -> T,
) -> (T, BTreeSet<Place>) {
    STATE.set(State { wrong, seen: BTreeSet::new() });
    let result = check();
    (result, STATE.take().seen)
}

/// What a rule says, after the sign of the contribution under test is flipped.
pub(crate) fn pass(name: &'static str, contributions: Vec<Option<Tensor>>) -> Vec<Option<Tensor>> {
    let flip = |(operand, contribution): (usize, Option<Tensor>)| {
        let place = (name, operand);
        let wrong = STATE.with_borrow_mut(|state| {
            if contribution.is_some() {
                state.seen.insert(place);
            }
            state.wrong == Some(place)
        });
        if wrong { contribution.map(|tensor| -tensor) } else { contribution }
    };
    contributions.into_iter().enumerate().map(flip).collect()
}
