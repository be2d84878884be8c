//! Compiled kernels on disk. A file is trusted if the text stored beside it is the text that is asked for; whatever is wrong with the
//! folder costs a compilation and nothing else.

use cola_core::Result;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Changes where the format of the files does.
const FORMAT: u32 = 1;

/// A folder of compiled kernels.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: Option<PathBuf>,
}
/// What a compiled kernel depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    /// The whole text.
    pub source: &'a str,
    /// The compiler's options, the architecture among them.
    pub options: &'a [String],
    /// The compiler's version.
    pub version: (i32, i32),
}
impl Key<'_> {
    /// Everything, as it is stored beside the kernel: equal for equal keys only.
    fn text(&self) -> String {
        let options = self.options.join("\u{1f}");
        format!("cola {FORMAT}\n{}.{}\n{options}\n{}", self.version.0, self.version.1, self.source)
    }
}
impl Cache {
    /// The folder of COLA_CUDA_CACHE (empty: none), else `cola-cuda` in the user's cache folder (XDG_CACHE_HOME, HOME/.cache,
    /// LOCALAPPDATA); without any, nothing is kept.
    pub fn user() -> Cache {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let folder = match std::env::var_os("COLA_CUDA_CACHE") {
            Some(own) => Some(PathBuf::from(own)).filter(|f| !f.as_os_str().is_empty()),
            None => set("XDG_CACHE_HOME")
                .or_else(|| set("HOME").map(|h| h.join(".cache")))
                .or_else(|| set("LOCALAPPDATA"))
                .map(|f| f.join("cola-cuda")),
        };
        Cache { folder }
    }
    /// A folder; it is made when it is first written to.
    pub fn at(folder: impl Into<PathBuf>) -> Cache {
        Cache { folder: Some(folder.into()) }
    }
    /// Nothing is kept.
    pub fn none() -> Cache {
        Cache { folder: None }
    }
    /// The kernel of `key`: from the folder, else by `compile`, and then stored.
    ///
    /// # Errors
    /// Those of `compile`; never one of the folder.
    pub fn get(&self, key: &Key<'_>, compile: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
        let Some(folder) = &self.folder else { return compile() };
        let text = key.text();
        let mut hash = DefaultHasher::new();
        text.hash(&mut hash);
        let base = folder.join(format!("{:016x}", hash.finish()));
        if let Some(image) = stored(&base, &text) {
            return Ok(image);
        }
        let image = compile()?;
        // A folder that cannot be written to must not cost the result.
        let _ = store(folder, &base, &text, &image);
        Ok(image)
    }
}
/// The kernel, if the text beside it is this one and its own checksum is right.
fn stored(base: &Path, text: &str) -> Option<Vec<u8>> {
    let vouched = fs::read(base.with_extension("cu")).ok()?;
    let (sum, source) = vouched.split_at_checked(8)?;
    if source != text.as_bytes() {
        return None;
    }
    let image = fs::read(base.with_extension("cubin")).ok()?;
    (checksum(&image).to_le_bytes() == sum).then_some(image)
}
fn checksum(image: &[u8]) -> u64 {
    let mut hash = DefaultHasher::new();
    image.hash(&mut hash);
    hash.finish()
}
/// The kernel first, then the text that vouches for it; each under a name of its own, then renamed.
fn store(folder: &Path, base: &Path, text: &str, image: &[u8]) -> std::io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    fs::create_dir_all(folder)?;
    let voucher = [&checksum(image).to_le_bytes()[..], text.as_bytes()].concat();
    for (extension, data) in [("cubin", image), ("cu", &voucher[..])] {
        let own = format!("{extension}.{}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let temporary = base.with_extension(own);
        let written = fs::write(&temporary, data).and_then(|()| fs::rename(&temporary, base.with_extension(extension)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cola_core::Error;
    use std::cell::Cell;

    fn folder(name: &str) -> PathBuf {
        let f = std::env::temp_dir().join(format!("cola-cuda-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&f);
        f
    }
    fn key<'a>(source: &'a str, options: &'a [String], version: (i32, i32)) -> Key<'a> {
        Key { source, options, version }
    }
    /// Asks for the kernel; says whether it was compiled.
    fn ask(cache: &Cache, key: &Key<'_>, image: &[u8]) -> (Vec<u8>, bool) {
        let compiled = Cell::new(false);
        let got = cache.get(key, || {
            compiled.set(true);
            Ok(image.to_vec())
        });
        (got.unwrap(), compiled.get())
    }

    #[test]
    fn compiles_once_for_each_key() {
        let (f, o90, o80) = (folder("once"), ["sm_90".to_string()], ["sm_80".to_string()]);
        let cache = Cache::at(&f);
        for (k, image) in [
            (key("a", &o90, (13, 0)), b"1"),
            (key("b", &o90, (13, 0)), b"2"),
            (key("a", &o80, (13, 0)), b"3"),
            (key("a", &o90, (13, 1)), b"4"),
        ] {
            assert_eq!(ask(&cache, &k, image), (image.to_vec(), true));
            assert_eq!(ask(&cache, &k, b"other"), (image.to_vec(), false));
        }
        assert!(fs::read_dir(&f).unwrap().count() == 8, "no temporary file is left");
        fs::remove_dir_all(f).unwrap();
    }
    #[test]
    fn a_failed_compilation_is_not_kept() {
        let f = folder("failed");
        let cache = Cache::at(&f);
        let e = cache.get(&key("a", &[], (13, 0)), || Err(Error::invalid("no"))).unwrap_err();
        assert_eq!(e, Error::invalid("no"));
        assert!(ask(&cache, &key("a", &[], (13, 0)), b"1").1);
        fs::remove_dir_all(f).unwrap();
    }
    #[test]
    fn spoiled_files_cost_a_compilation() {
        let f = folder("spoiled");
        let (cache, k) = (Cache::at(&f), key("a", &[], (13, 0)));
        type Spoil = fn(&Path);
        let spoils: [(&str, Spoil); 5] = [
            ("cubin", |p| fs::write(p, b"poison").unwrap()),
            ("cubin", |p| fs::remove_file(p).unwrap()),
            ("cu", |p| fs::write(p, b"short").unwrap()),
            ("cu", |p| fs::write(p, [&[0; 8][..], b"another text with the same name"].concat()).unwrap()),
            ("cubin", |p| {
                fs::remove_file(p).unwrap();
                fs::create_dir(p).unwrap();
            }),
        ];
        for (extension, spoil) in spoils {
            assert_eq!(ask(&cache, &k, b"right").0, b"right");
            let file =
                fs::read_dir(&f).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().unwrap() == extension);
            spoil(&file.unwrap());
            assert_eq!(ask(&cache, &k, b"right"), (b"right".to_vec(), true));
        }
        fs::remove_dir_all(f).unwrap();
    }
    #[test]
    fn a_folder_that_cannot_be_is_none() {
        let f = folder("file");
        fs::write(&f, b"a file where the folder should be").unwrap();
        for cache in [Cache::at(&f), Cache::none()] {
            assert_eq!(ask(&cache, &key("a", &[], (13, 0)), b"1"), (b"1".to_vec(), true));
            assert_eq!(ask(&cache, &key("a", &[], (13, 0)), b"1"), (b"1".to_vec(), true));
        }
        fs::remove_file(f).unwrap();
    }
    #[test]
    fn many_writers() {
        let f = folder("many");
        std::thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    for n in 0..20 {
                        let (source, image) = (format!("kernel {n}"), format!("image {n}").into_bytes());
                        assert_eq!(ask(&Cache::at(&f), &key(&source, &[], (13, 0)), &image).0, image);
                    }
                });
            }
        });
        assert!(!ask(&Cache::at(&f), &key("kernel 7", &[], (13, 0)), b"x").1);
        fs::remove_dir_all(f).unwrap();
    }
}
