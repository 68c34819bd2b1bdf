//! What metrics have in common: settings, and families of metrics that differ in one thing.

/// A metric's entry, configuration, name and defaults, from its `SPEC`, its name and the defaults of
/// its own fields: `metric_settings!(AUC, "auc", always "name"; num_thresholds: 200)`. Keys named
/// after `always` are written even where they hold their default.
macro_rules! metric_settings {
    (
        $class:ident, $name:expr $(, always $($key:expr),+)?
        $(; $($field:ident: $default:expr),+)?
    ) => {
        crate::configured!($class: crate::metrics::MetricKind $(, always $($key),+)?);

        impl crate::metrics::MetricSettings for $class {
            fn name(&self) -> &str {
                &self.name
            }
        }

        impl Default for $class {
            fn default() -> Self {
                Self { $($($field: $default,)+)? name: $name.to_owned() }
            }
        }
    };
}

/// A metric that is the mean of a loss with its defaults.
macro_rules! mean_of_loss {
    (
        $(#[$documentation:meta])*
        $class:ident {
            class_name: $class_name:literal,
            name: $name:literal,
            aliases: $aliases:expr,
            cases: $cases:expr,
            loss: $loss:ident,
        }
    ) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[derive(rhyton_macros::Setters)]
        #[serde(default)]
        pub struct $class {
            /// The key in logs.
            name: String,
        }

        pub(super) static SPEC: crate::metrics::MetricSpec = crate::metrics::MetricSpec {
            class_name: $class_name,
            module: "keras.metrics",
            aliases: $aliases,
            from_config: crate::metrics::read::<$class>,
            cases: $cases,
        };

        metric_settings!($class, $name);

        impl crate::metrics::MeanMetric for $class {
            fn values(
                &self,
                y_true: &rhyton_graph::Tensor,
                y_pred: &rhyton_graph::Tensor,
            ) -> crate::Result<rhyton_graph::Tensor> {
                crate::losses::Loss::call(&crate::losses::$loss::default(), y_true, y_pred)
            }
        }
    };
}

/// A metric that is one of the four counts of [`confusion`], at one threshold or several.
macro_rules! confusion_count {
    (
        $(#[$documentation:meta])*
        $class:ident {
            class_name: $class_name:literal,
            name: $name:literal,
            cases: $cases:expr,
            count: $count:ident,
        }
    ) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[derive(rhyton_macros::Setters)]
        #[serde(default)]
        pub struct $class {
            /// What a prediction is compared with, in [0, 1]; default ½.
            thresholds: crate::objects::Numbers<f64>,
            /// The key in logs.
            name: String,
        }

        pub(super) static SPEC: crate::metrics::MetricSpec = crate::metrics::MetricSpec {
            class_name: $class_name,
            module: "keras.metrics",
            aliases: &[$name],
            from_config: crate::metrics::read::<$class>,
            cases: $cases,
        };

        metric_settings!(
            $class, $name, always "name"; thresholds: crate::objects::Numbers::Unset
        );

        impl crate::metrics::Metric for $class {
            fn validate(&self) -> crate::Result<()> {
                crate::metrics::confusion::check_thresholds(&self.name, &self.thresholds)
            }

            fn states(
                &self,
                _: &rhyton_graph::Spec,
                _: &rhyton_graph::Spec,
            ) -> crate::Result<Vec<crate::metrics::MetricState>> {
                let count = crate::metrics::confusion::or_default(&self.thresholds, None).len();
                Ok(crate::metrics::confusion::states(&["accumulator"], &[count]))
            }

            fn update(
                &self,
                states: &[rhyton_graph::Tensor],
                y_true: &rhyton_graph::Tensor,
                y_pred: &rhyton_graph::Tensor,
                sample_weight: Option<&rhyton_graph::Tensor>,
            ) -> crate::Result<Vec<rhyton_graph::Tensor>> {
                use crate::metrics::confusion::{Confusion, or_default};
                let confusion = Confusion {
                    metric: &self.name,
                    thresholds: or_default(&self.thresholds, None),
                    ..Confusion::default()
                };
                let counts = confusion.count(y_true, y_pred, sample_weight)?;
                Confusion::accumulate(states, vec![counts.$count])
            }

            fn result(&self, states: &[rhyton_tensor::Array]) -> crate::metrics::MetricValue {
                crate::metrics::MetricValue::number_of_one(&crate::metrics::floats(states, 0))
            }
        }
    };
}

/// A metric that is the best of one share under a constraint on another.
macro_rules! best_under_constraint {
    (
        $(#[$documentation:meta])*
        $class:ident {
            class_name: $class_name:literal,
            name: $name:literal,
            cases: $cases:expr,
            constrained: $limit:ident $constrained:expr,
            wanted: $wanted:expr,
        }
    ) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[derive(rhyton_macros::Setters)]
        #[serde(default)]
        pub struct $class {
            /// The least value of what is constrained, in [0, 1]; it has no default.
            $limit: f64,
            /// How many even thresholds from 0 to 1 are tried, at least 1; default 200.
            num_thresholds: usize,
            /// Only this class counts; default all.
            class_id: Option<usize>,
            /// The key in logs.
            name: String,
        }

        pub(super) static SPEC: crate::metrics::MetricSpec = crate::metrics::MetricSpec {
            class_name: $class_name,
            module: "keras.metrics",
            aliases: &[$name],
            from_config: crate::metrics::read::<$class>,
            cases: $cases,
        };

        metric_settings!(
            $class, $name, always stringify!($limit), "name";
            $limit: f64::NAN, num_thresholds: 200, class_id: None
        );

        impl $class {
            /// With the least value of what is constrained.
            pub fn new($limit: f64) -> Self {
                Self { $limit, ..Self::default() }
            }
        }

        impl crate::metrics::Metric for $class {
            fn validate(&self) -> crate::Result<()> {
                let limit = (stringify!($limit), self.$limit);
                super::constrained::check($class_name, limit, self.num_thresholds)
            }

            fn states(
                &self,
                _: &rhyton_graph::Spec,
                _: &rhyton_graph::Spec,
            ) -> crate::Result<Vec<crate::metrics::MetricState>> {
                use crate::metrics::confusion::{COUNTS, states};
                Ok(states(&COUNTS, &[self.num_thresholds]))
            }

            fn update(
                &self,
                states: &[rhyton_graph::Tensor],
                y_true: &rhyton_graph::Tensor,
                y_pred: &rhyton_graph::Tensor,
                sample_weight: Option<&rhyton_graph::Tensor>,
            ) -> crate::Result<Vec<rhyton_graph::Tensor>> {
                use crate::metrics::confusion::{Confusion, evenly};
                let confusion = Confusion {
                    metric: &self.name,
                    thresholds: evenly(self.num_thresholds),
                    class_id: self.class_id,
                    ..Confusion::default()
                };
                let counts = confusion.count(y_true, y_pred, sample_weight)?;
                Confusion::accumulate(states, counts.all().into())
            }

            fn result(&self, states: &[rhyton_tensor::Array]) -> crate::metrics::MetricValue {
                let best = super::constrained::best(states, $wanted, $constrained, self.$limit);
                crate::metrics::MetricValue::Number(best)
            }
        }
    };
}
