/// An enum of named choices, with the names that Keras knows them by.
macro_rules! choice {
    ($(#[$doc:meta])* $type:ident $what:literal { $($(#[$line:meta])* $variant:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub enum $type {
            $($(#[$line])* $variant,)*
        }

        impl $type {
            /// Every one with its name in Keras.
            pub const ALL: &[(Self, &str)] = &[$((Self::$variant, $name),)*];

            /// The name in Keras.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::Error;

            /// Capitals do not matter, as in Keras.
            fn from_str(name: &str) -> crate::Result<Self> {
                let known = Self::ALL.iter().find(|(_, known)| name.eq_ignore_ascii_case(known));
                known.map(|(value, _)| *value).ok_or_else(|| {
                    let names: Vec<&str> = Self::ALL.iter().map(|(_, name)| *name).collect();
                    let expected = format!("one of {}", names.join(", "));
                    crate::Error::argument($what, "name", expected, name)
                })
            }
        }
    };
}
