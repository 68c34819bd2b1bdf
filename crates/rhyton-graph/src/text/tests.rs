use std::sync::Arc;

use proptest::prelude::*;
use rhyton_tensor::{Array, DType};

use crate::testing::random::graphs;
use crate::{Graph, Loop, Shape, Spec, Tensor, Tracer, eval, scan, softmax, tanh};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 192,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn reading_what_was_written_changes_nothing(graph in graphs()) {
        let text = graph.to_string();
        let read: Graph = text.parse().map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert!(read == graph, "{}", text);
    }

    /// Damaged text is refused or means some other valid graph; it never panics or hangs.
    #[test]
    fn damaged_text_is_harmless(graph in graphs(), at in any::<prop::sample::Index>(), with in "[ -~\n]{0,3}") {
        let text = graph.to_string();
        let at = at.index(text.len());
        let damaged: String = text.chars().take(at).chain(with.chars()).chain(text.chars().skip(at + 1)).collect();
        if let Ok(graph) = damaged.parse::<Graph>() {
            prop_assert!(graph.to_string().parse::<Graph>().is_ok());
        }
    }
}

fn looped() -> Graph {
    let tracer = Tracer::new(Arc::new([]));
    let h = tracer.input("h", Spec::new(DType::F32, Shape::batched(&[2])));
    let xs = tracer.input("xs", Spec::new(DType::F32, &[3, 2][..]));
    let over = Loop { carries: &[h], sequences: &[xs], ..Loop::default() };
    let (carries, _) =
        scan(&over, |turn| Ok((vec![tanh(&turn.carries[0] + &turn.rows[0])], Vec::new()))).unwrap();
    tracer.at_path("rnn", || tracer.output("y", &(&carries[0] * 0.5))).unwrap();
    tracer.finish()
}

#[test]
fn a_loop_prints_with_its_body() {
    insta::assert_snapshot!(looped().to_string(), @r#"
    rhyton-graph 1
    %0 = input{name="h", spec=float32[N, 2]} : float32[N, 2]
    %1 = input{name="xs", spec=float32[3, 2]} : float32[3, 2]
    %2 = scan{carries=1, sequences=1, length=3, reverse=false, body=graph {
      %0 = input{name="x0", spec=float32[N, 2]} : float32[N, 2]
      %1 = input{name="x1", spec=float32[2]} : float32[2]
      %2 = broadcast{shape=[N, 2], axes=[1]} %1 : float32[N, 2]
      %3 = add %0, %2 : float32[N, 2]
      %4 = tanh %3 : float32[N, 2]
      output "y0" %4
    }} %0, %1 : uint8[8N]
    %3 = projection{index=0, offset=0, spec=float32[N, 2]} %2 : float32[N, 2]
    %4 = constant{array=float32[](0.5)} : float32[]  # rnn
    %5 = broadcast{shape=[N, 2], axes=[]} %4 : float32[N, 2]  # rnn
    %6 = multiply %3, %5 : float32[N, 2]  # rnn
    output "y" %6
    "#);
}

#[test]
fn a_saved_function_is_called_again() {
    let function = |x: &[Tensor]| vec![softmax(&(&x[0] * 2.0), -1)];
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, &[2, 3][..]));
    tracer.output("y", &function(&[x])[0]).unwrap();
    let saved: Graph = tracer.finish().to_string().parse().unwrap();
    let array = Array::from_slice(&[2, 3], &[0.1_f32, 0.2, 0.3, -4.0, 5.0, 0.0]).unwrap();
    let again = eval(|x| saved.call(x).unwrap(), &[&array]).unwrap();
    assert_eq!(again, eval(function, &[&array]).unwrap());
    let wrong = eval(
        |x| saved.call(x).unwrap_or_else(|error| vec![Tensor::failed(error)]),
        &[&Array::zeros(DType::F32, &[2, 4])],
    );
    insta::assert_snapshot!(wrong.unwrap_err(), @"run: input `x` expected float32[2, 3], received float32[2, 4]");
}

/// A derivative that was stated is part of the text, in loops too.
#[test]
fn a_saved_function_keeps_its_stated_derivative() {
    let seven = |x: &Tensor| {
        crate::custom_gradient(&[x], &(x * 2.0), |inputs, _| vec![inputs[0].scalar_like(7.0)])
    };
    let function = |x: &[Tensor]| {
        let over = Loop { carries: &x[..1], length: Some(2), ..Loop::default() };
        let looped = scan(&over, |turn| Ok((vec![seven(&turn.carries[0])], Vec::new()))).unwrap();
        vec![seven(&x[0]) + &looped.0[0]]
    };
    let slope = |x: &[Tensor], y: &[Tensor]| {
        crate::gradients(&crate::sum(&y[0], None, false), &[&x[0]]).unwrap()
    };
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, &[2][..]));
    tracer.output("y", &function(&[x])[0]).unwrap();
    let saved: Graph = crate::simplify(&tracer.finish()).to_string().parse().unwrap();
    let array = Array::from_slice(&[2], &[0.5_f32, -1.0]).unwrap();
    let found = eval(|x| slope(x, &saved.call(x).unwrap()), &[&array]).unwrap();
    assert_eq!(found[0].view::<f32>(), [56.0, 56.0]);
    assert_eq!(found, eval(|x| slope(x, &function(x)), &[&array]).unwrap());
    let bare = crate::without_derivatives(&saved);
    assert!(!bare.to_string().contains("custom_gradient"));
    let plain = crate::interpret(&saved, &[&array]).unwrap();
    assert_eq!(crate::interpret(&bare, &[&array]).unwrap(), plain);
}

#[test]
fn a_stated_derivative_that_does_not_fit_is_refused() {
    let text = "%0 = input{name=\"x\", spec=float32[2]} : float32[2]\n\
        %1 = custom_gradient{derivative=graph {\n\
        %0 = input{name=\"x0\", spec=float32[3]} : float32[3]\noutput \"dx0\" %0\n}} %0, %0 : float32[2]";
    insta::assert_snapshot!(refused(text), @"custom_gradient: derivative expected a derivative by each of 1 inputs, from them and the value, received a graph from 1 tensors to 1");
}

/// What is small at N = 1 must not grow with a power of the batch.
#[test]
fn values_that_outgrow_the_batch_are_refused() {
    let spread = |shape: &str| {
        let input = "%0 = input{name=\"x\", spec=float32[]} : float32[]\n";
        format!("{input}%1 = broadcast{{shape={shape}, axes=[]}} %0 : float32{shape}")
    };
    assert!(format!("rhyton-graph 1\n{}", spread("[N, N]")).parse::<Graph>().is_ok());
    insta::assert_snapshot!(refused(&spread("[N, N, N]")).lines().next().unwrap(), @"graph text, line 3: expected at most 2 axes of the batch, and then 65536 elements at N = 1, received `, axes=[]} %0 : float32[N, N, N]`");
    assert!(refused(&spread("[1000N, 1000N]")).contains("axes of the batch"));
}

#[test]
fn loops_of_large_steps_are_refused() {
    let long = looped().to_string().replace("length=3", "length=100000");
    let long = long.replace("float32[3, 2]", "float32[100000, 2]");
    assert!(long.parse::<Graph>().is_ok());
    let wide =
        long.replace("float32[N, 2]", "float32[N, 1000000]").replace("[N, 2]", "[N, 1000000]");
    let wide = wide
        .replace("float32[2]", "float32[1]")
        .replace("float32[100000, 2]", "float32[100000, 1]");
    let wide = wide.replace("uint8[8N]", "uint8[4000000N]");
    assert!(wide.parse::<Graph>().unwrap_err().to_string().contains("all steps of loops counted"));
}

fn refused(lines: &str) -> String {
    let text = format!("rhyton-graph 1\n{lines}");
    text.parse::<Graph>().unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_is_refused() {
    insta::assert_snapshot!("rhyton-graph 2\n".parse::<Graph>().unwrap_err(), @"graph text, line 1: expected `rhyton-graph 1`, the version this release reads, received `rhyton-graph 2`");
    insta::assert_snapshot!(refused("%0 = tanh %0 : float32[]"), @"graph text, line 2: expected the number of an earlier node, received ` : float32[]`");
    insta::assert_snapshot!(refused("%0 = nonsense : float32[]"), @"graph: primitive expected a known name, received nonsense");
    insta::assert_snapshot!(refused("%0 = iota{shape=[99999999, 9], axis=0, dtype=int32} : int32[9]"), @"graph text, line 2: expected at most 32 axes and 67108864 elements at N = 1, received `, axis=0, dtype=int32} : int32[9]`");
    insta::assert_snapshot!(refused("%0 = iota{shape=[4], axis=0, dtype=int32} : int32[5]"), @"graph text, line 2: expected the type int32[4] of iota, received the end");
    insta::assert_snapshot!(refused("%0 = iota{shape=[4], axis=0, dtype=int32, x=1} : int32[4]"), @"iota: x expected no attribute of this name, received one");
    let deep = format!("%0 = iota{{shape={}", "[".repeat(100_000));
    insta::assert_snapshot!(refused(&deep).lines().next().unwrap(), @"graph text, line 2: expected at most 8 levels, received `[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`");
}

#[test]
fn many_large_values_are_refused() {
    let line = |place: usize| {
        format!("%{place} = iota{{shape=[60000000], axis=0, dtype=int32}} : int32[60000000]\n")
    };
    let many: String = (0..5).map(line).collect();
    insta::assert_snapshot!(refused(&many), @"graph text, line 6: expected at most 268435456 elements in all values, received the end");
}

#[test]
fn endless_loops_are_refused() {
    let long = looped()
        .to_string()
        .replace("length=3", "length=99999999")
        .replace("float32[3, 2]", "float32[99999999, 0]");
    let long = long.replace("spec=float32[2]", "spec=float32[0]");
    assert!(long.parse::<Graph>().is_err());
}
