//! Matrix Market files: sparse matrices as text.
//!
//! Boisvert, Pozo, Remington, The Matrix Market exchange formats, NISTIR 5935, 1996.

use crate::error::{Error, Result};
use crate::ops::Sparse;
use nalgebra_sparse::CsrMatrix;
use std::path::Path;

/// Reads a sparse matrix from a Matrix Market file: `matrix coordinate`, `real`, `integer` or `pattern` (ones), `general`,
/// `symmetric` or `skew-symmetric` (the stored triangle is mirrored). Numbers at one place add up. O(nnz log nnz).
///
/// ```
/// # use cola_core::prelude::*;
/// # use cola_core::read_matrix_market;
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/1138_bus.mtx");
/// let a = Psd::new(read_matrix_market(path)?);
/// assert_eq!(a.nrows(), 1138);
/// let b = vec![1.0; 1138];
/// let x = a.solve(&b)?;
/// assert!(a.apply(&x).iter().all(|y| (y - 1.0).abs() < 1e-6));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// `Io` with the path, and the line where the text is malformed.
pub fn read_matrix_market(path: impl AsRef<Path>) -> Result<CsrMatrix<f64>> {
    let path = path.as_ref();
    let io = |message: String| Error::Io { path: path.display().to_string(), message };
    let text = std::fs::read_to_string(path).map_err(|e| io(e.to_string()))?;
    parse(&text).map_err(io)
}
/// The same from text.
///
/// ```
/// let text = "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 1 4.0\n2 1 1.0\n";
/// let a = cola_core::parse_matrix_market(text)?;
/// assert_eq!(a.nnz(), 3);
/// # Ok::<(), cola_core::Error>(())
/// ```
///
/// # Errors
/// `Io` with the line where the text is malformed.
pub fn parse_matrix_market(text: &str) -> Result<CsrMatrix<f64>> {
    parse(text).map_err(|message| Error::Io { path: "Matrix Market text".into(), message })
}

/// What stands at (j, i) beside (i, j).
#[derive(Clone, Copy, PartialEq)]
enum Mirror {
    Nothing,
    Same,
    Negative,
}
/// A field of the first line, which may be any of these.
fn word<V: Copy>(words: &mut std::str::SplitWhitespace, what: &str, known: &[(&str, V)]) -> Result<V, String> {
    let given = words.next().unwrap_or("nothing").to_ascii_lowercase();
    known.iter().find(|k| k.0 == given).map(|k| k.1).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|k| format!("`{}`", k.0)).collect();
        format!("line 1: the {what} is `{given}`; {} can be read", names.join(", "))
    })
}
fn parse(text: &str) -> Result<CsrMatrix<f64>, String> {
    let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    let mut words = lines.next().map_or("", |l| l.1).split_whitespace();
    word(&mut words, "first word", &[("%%matrixmarket", ())])?;
    word(&mut words, "object", &[("matrix", ())])?;
    word(&mut words, "format", &[("coordinate", ())])?;
    let pattern = word(&mut words, "number type", &[("real", false), ("integer", false), ("pattern", true)])?;
    let symmetries = [("general", Mirror::Nothing), ("symmetric", Mirror::Same), ("skew-symmetric", Mirror::Negative)];
    let mirror = word(&mut words, "symmetry", &symmetries)?;

    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('%'));
    let (at, line) = lines.next().ok_or("the line with rows, columns and entries is missing")?;
    let mut sizes = line.split_whitespace();
    let mut size = |what: &str| number::<usize>(at, what, sizes.next());
    let (rows, cols, count) = (size("number of rows")?, size("number of columns")?, size("number of entries")?);
    end(at, sizes.next())?;
    if mirror != Mirror::Nothing && rows != cols {
        return Err(format!("line {at}: a symmetric matrix of {rows} x {cols}"));
    }
    // what the file says is not trusted with memory: it has one line per entry
    let mut entries = Vec::with_capacity(count.min(text.len() / 4));
    let mut read = 0usize;
    for (at, line) in lines {
        read += 1;
        if read > count {
            return Err(format!("line {at}: more than the {count} entries announced"));
        }
        let mut fields = line.split_whitespace();
        let i = index(at, "row", fields.next(), rows)?;
        let j = index(at, "column", fields.next(), cols)?;
        let v = if pattern { 1.0 } else { number::<f64>(at, "value", fields.next())? };
        end(at, fields.next())?;
        if !v.is_finite() {
            return Err(format!("line {at}: the value is {v}"));
        }
        entries.push((i, j, v));
        match mirror {
            Mirror::Same if i != j => entries.push((j, i, v)),
            Mirror::Negative if i == j => {
                return Err(format!("line {at}: a skew-symmetric file has no diagonal entries"));
            }
            Mirror::Negative => entries.push((j, i, -v)),
            _ => {}
        }
    }
    if read < count {
        return Err(format!("the text ends after {read} of {count} entries"));
    }
    Sparse::from_triplets(rows, cols, entries).map(|a| a.0).map_err(|e| e.to_string())
}
fn number<N: std::str::FromStr>(line: usize, what: &str, field: Option<&str>) -> Result<N, String> {
    let field = field.ok_or_else(|| format!("line {line}: the {what} is missing"))?;
    field.parse().map_err(|_| format!("line {line}: the {what} is `{field}`, which is no number of its kind"))
}
/// A place counted from 1, as one counted from 0.
fn index(line: usize, what: &str, field: Option<&str>, size: usize) -> Result<usize, String> {
    let i = number::<usize>(line, what, field)?;
    if (1..=size).contains(&i) { Ok(i - 1) } else { Err(format!("line {line}: {what} {i} is outside of 1..={size}")) }
}
fn end(line: usize, field: Option<&str>) -> Result<(), String> {
    field.map_or(Ok(()), |f| Err(format!("line {line}: `{f}` is one field too many")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use nalgebra::DMatrix;

    fn parsed(head: &str, rest: &str) -> Result<CsrMatrix<f64>> {
        parse_matrix_market(&format!("%%MatrixMarket matrix coordinate {head}\n{rest}"))
    }
    fn message(head: &str, rest: &str) -> String {
        parsed(head, rest).expect_err("this text is malformed").to_string()
    }
    #[test]
    fn every_kind() -> Result<()> {
        let a = parsed("real general", "% a comment\n\n2 3 3\n1 1 1.5\n 2 3 -2e-1\n1 3 4\n")?;
        assert_eq!(Sparse::new(a).to_dense(), DMatrix::from_row_slice(2, 3, &[1.5, 0.0, 4.0, 0.0, 0.0, -0.2]));
        let a = parsed("INTEGER Symmetric", "2 2 2\n1 1 3\n2 1 -4\n")?;
        assert_eq!(Sparse::new(a).to_dense(), DMatrix::from_row_slice(2, 2, &[3.0, -4.0, -4.0, 0.0]));
        let a = parsed("real skew-symmetric", "2 2 1\n2 1 5")?;
        assert_eq!(Sparse::new(a).to_dense(), DMatrix::from_row_slice(2, 2, &[0.0, -5.0, 5.0, 0.0]));
        let a = parsed("pattern general", "2 2 2\r\n1 2\r\n2 1\r\n")?;
        assert_eq!(Sparse::new(a).to_dense(), DMatrix::from_row_slice(2, 2, &[0.0, 1.0, 1.0, 0.0]));
        let a = parsed("real general", "2 2 3\n2 2 1\n1 1 1\n2 2 2\n")?;
        assert_eq!(Sparse::new(a).to_dense(), DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 3.0]));
        assert_eq!(parsed("real general", "0 0 0\n")?.nrows(), 0);
        Ok(())
    }
    #[test]
    fn malformed_texts_name_their_line() {
        assert!(parse_matrix_market("").unwrap_err().to_string().contains("line 1"));
        assert!(parse_matrix_market("%%MatrixMarket\n1 1 0").unwrap_err().to_string().contains("line 1: the object"));
        for (head, rest, wants) in [
            ("array real", "", "line 1"),
            ("complex general", "1 1 0\n", "line 1: the number type is `complex`"),
            ("real hermitian", "1 1 0\n", "line 1: the symmetry is `hermitian`"),
            ("real", "1 1 0\n", "line 1: the symmetry is `nothing`"),
            ("real general", "% only comments\n", "missing"),
            ("real general", "2 2\n", "line 2: the number of entries is missing"),
            ("real general", "2 2 1 7\n", "line 2: `7` is one field too many"),
            ("real general", "2 -2 1\n", "line 2: the number of columns is `-2`"),
            ("real general", "2 2 1\n3 1 1.0\n", "line 3: row 3 is outside of 1..=2"),
            ("real general", "2 2 1\n1 0 1.0\n", "line 3: column 0"),
            ("real general", "2 2 1\n1 1\n", "line 3: the value is missing"),
            ("real general", "2 2 1\n1 1 x\n", "line 3: the value is `x`"),
            ("real general", "2 2 1\n1 1 NaN\n", "line 3: the value is NaN"),
            ("real general", "2 2 1\n1 1 1e999\n", "line 3: the value is inf"),
            ("real general", "2 2 1\n1 1 1 1\n", "line 3: `1` is one field too many"),
            ("real general", "2 2 2\n\n1 1 1\n", "ends after 1 of 2"),
            ("real general", "2 2 1\n1 1 1\n% x\n2 2 1\n", "line 5: more than the 1 entries"),
            ("real symmetric", "2 3 0\n", "line 2: a symmetric matrix of 2 x 3"),
            ("real skew-symmetric", "2 2 1\n1 1 1\n", "line 3: a skew-symmetric file"),
            ("real general", "1 1 99999999999999999999\n", "line 2: the number of entries"),
            ("real general", "1 1 18446744073709551615\n", "ends after 0"),
        ] {
            let said = message(head, rest);
            assert!(said.contains(wants), "{head}, {rest:?}: {said}");
        }
        let rows = if let Error::Io { path, .. } = read_matrix_market("no/such/file.mtx").unwrap_err() {
            path
        } else {
            "".into()
        };
        assert_eq!(rows, "no/such/file.mtx");
    }
    #[test]
    fn the_power_network() -> Result<()> {
        let a = read_matrix_market(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/1138_bus.mtx"))?;
        assert_eq!((a.nrows(), a.ncols(), a.nnz()), (1138, 1138, 2 * 2596 - 1138));
        let (general, psd) = (Sparse::new(&a), Psd::new(&a));
        let x: Vec<f64> = (0..1138).map(|i| (i as f64).sin()).collect();
        let b = psd.apply(&x);
        let error = |y: Vec<f64>| y.iter().zip(&x).fold(0.0, |m, (y, x)| f64::max(m, (y - x).abs()));
        assert!(error(psd.solve(&b)?) < 1e-8);
        assert!(error(general.solve(&b)?) < 1e-8);
        let (by_cholesky, by_lu) = (psd.logdet()?, general.logdet()?);
        assert!((by_cholesky / by_lu - 1.0).abs() < 1e-12);
        Ok(())
    }
}
