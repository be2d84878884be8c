//! Saving and loading by serde (feature `serde`): a structure is saved as its parts by name, in the form that its constructor takes, and
//! loading goes through the constructor's checks: a file changed by hand gives an error and never a permutation that is none.
//! Caches (spectra, transform plans) are made anew. Borrowed operators are saved as owned ones. What holds a closure or is erased
//! (`Function`, `Jacobian`, `Boxed`) cannot be saved; of a factorised inverse save the operator.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use cola_core::prelude::*;
//! type K = Kron<Psd<Dense<nalgebra::DMatrix<f64>>>, Diagonal<Vec<f64>>>;
//! let k: K = Kron::new(Psd::new(nalgebra::dmatrix![2.0, 1.0; 1.0, 3.0]), Diagonal::new(vec![3.0, 0.2]));
//! let text = serde_json::to_string(&k).unwrap();
//! assert_eq!(serde_json::from_str::<K>(&text).unwrap(), k);
//! # }
//! ```

/// `saved!([type parameters] Node<..>, "Node", [bounds to load] { part: Type = |k| expression, .. } constructor)`.
macro_rules! saved {
    ([$($p:tt)*] $Node:ty, $name:literal, [$($bound:tt)*] { $($field:ident: $F:ty = |$k:ident| $get:expr),* } $make:expr) => {
        #[cfg(feature = "serde")]
        impl<$($p)*> serde::Serialize for $Node
        where
            $($F: serde::Serialize,)*
            $($bound)*
        {
            fn serialize<Out: serde::Serializer>(&self, out: Out) -> Result<Out::Ok, Out::Error> {
                use serde::ser::SerializeStruct;
                let names: &[&str] = &[$(stringify!($field)),*];
                let mut out = out.serialize_struct($name, names.len())?;
                $({
                    let $k = self;
                    out.serialize_field(stringify!($field), &$get)?;
                })*
                out.end()
            }
        }
        #[cfg(feature = "serde")]
        #[allow(non_camel_case_types, reason = "a part's name stands for its type")]
        impl<'de, $($p)*> serde::Deserialize<'de> for $Node
        where
            $($F: serde::Deserialize<'de>,)*
            $($bound)*
        {
            fn deserialize<In: serde::Deserializer<'de>>(input: In) -> Result<Self, In::Error> {
                #[derive(serde::Deserialize)]
                #[serde(rename = $name, deny_unknown_fields)]
                struct Parts<$($field),*> {
                    $($field: $field),*
                }
                let Parts { $($field),* } = Parts::<$($F),*>::deserialize(input)?;
                let made: crate::error::Result<Self> = $make;
                made.map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use saved;

#[cfg(feature = "serde")]
mod vectors {
    use crate::data::{Column, Held};
    use crate::space::{Plain, Space};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    impl<E: Plain + Serialize, S: Space> Serialize for Column<E, S> {
        fn serialize<Out: Serializer>(&self, out: Out) -> Result<Out::Ok, Out::Error> {
            (**self).serialize(out)
        }
    }
    impl<'de, E: Plain + Deserialize<'de> + Default, S: Space> Deserialize<'de> for Column<E, S> {
        fn deserialize<In: Deserializer<'de>>(input: In) -> Result<Self, In::Error> {
            let entries = Vec::<E>::deserialize(input)?;
            let mut column = Column::filled(entries.len(), E::default());
            if column.len() != entries.len() {
                return Err(In::Error::custom(format!(
                    "{} numbers where the type has {}",
                    entries.len(),
                    column.len()
                )));
            }
            column.copy_from_slice(&entries);
            Ok(column)
        }
    }
    impl<E: Plain + Serialize, S: Space> Serialize for Held<E, S> {
        fn serialize<Out: Serializer>(&self, out: Out) -> Result<Out::Ok, Out::Error> {
            self.as_slice().serialize(out)
        }
    }
    impl<'de, E: Plain + Deserialize<'de> + Default, S: Space> Deserialize<'de> for Held<E, S> {
        fn deserialize<In: Deserializer<'de>>(input: In) -> Result<Self, In::Error> {
            let entries = Vec::<E>::deserialize(input)?;
            let n = S::EXTENT.or(entries.len().isqrt());
            if n * n != entries.len() {
                return Err(In::Error::custom(format!(
                    "{} numbers where a square matrix has {n} x {n}",
                    entries.len()
                )));
            }
            let mut held = Held::filled(n, E::default());
            held.as_mut_slice().copy_from_slice(&entries);
            Ok(held)
        }
    }
}
