//! The folder in which one stack keeps everything: its data, its key, its logs. A second stack is kept out.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::shown;
use crate::process::{Mark, stop_marked};

/// Random bytes of a new key; it is written in twice as many hexadecimal digits.
const KEY_BYTES: usize = 48;

/// Shortest key that the functions take, in bytes.
const MIN_KEY_BYTES: usize = 32;

/// The folder, as long as it is ours.
#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
    _lock: File,
}

impl Home {
    /// Takes the folder, which is made where it is missing, and ends what an earlier stack that was killed
    /// may have left running.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        std::fs::create_dir_all(folder.join("log"))
            .with_context(|| format!("everything is kept in {}, which cannot be made", shown(&folder)))?;
        let path = folder.join("up.lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut lock = options
            .open(&path)
            .with_context(|| format!("everything is kept in {}, which cannot be written", shown(&folder)))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is a comfort, not needed for the refusal.
                let _ = lock.read_to_string(&mut holder);
                let process = holder.split('-').next().unwrap_or_default();
                bail!(
                    "another stack uses {} (process {process}); stop it with Ctrl-C where it runs, or with: \
                     kill -INT {process}",
                    shown(&folder)
                );
            }
            Err(TryLockError::Error(why)) => {
                return Err(why).with_context(|| format!("locking {}", shown(&path)));
            }
        }
        let mut left = String::new();
        lock.read_to_string(&mut left)?;
        // A shorter text would be the beginning of too many marks; what this process started it stops itself.
        if left.split('-').count() == 3 && left != Mark::of_this_process() {
            stop_marked(&left);
        }
        std::fs::write(&path, Mark::of_this_process())
            .with_context(|| format!("writing {}", shown(&path)))?;
        Ok(Self { folder, _lock: lock })
    }

    /// The key, which is made at first.
    pub(super) fn key(&self) -> Result<String> {
        let path = self.key_file();
        if let Ok(key) = std::fs::read_to_string(&path)
            && key.trim().len() >= MIN_KEY_BYTES
        {
            std::fs::set_permissions(&path, Permissions::from_mode(0o600))
                .with_context(|| format!("keeping others from {}", shown(&path)))?;
            return Ok(key.lines().next().unwrap_or_default().trim().to_owned());
        }
        self.make_key(&path).with_context(|| format!("making the key file {}", shown(&path)))
    }

    fn make_key(&self, path: &Path) -> Result<String> {
        let mut bytes = [0; KEY_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // Put in place when it is whole: half a key would be refused for ever after.
        let fresh = self.folder.join("token-key.new");
        let _ = std::fs::remove_file(&fresh);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        writeln!(file, "{key}")?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        Ok(key)
    }

    /// Where the key lies.
    pub(super) fn key_file(&self) -> PathBuf {
        self.folder.join("token-key")
    }

    /// Where the data of the database lies.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("dynamodb.db")
    }

    /// Where the logs lie.
    pub(super) fn logs(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Where the log of this program lies.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_stack_is_kept_out_and_told_why() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::take(folder.path()).unwrap();
        let why = Home::take(folder.path()).unwrap_err().to_string();
        assert!(why.contains(&format!("kill -INT {}", std::process::id())), "{why}");
        drop(home);
        assert!(Home::take(folder.path()).is_ok());
    }

    #[test]
    fn the_key_is_long_ours_alone_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::take(folder.path()).unwrap();
        let key = home.key().unwrap();
        assert_eq!(key.len(), 2 * KEY_BYTES);
        assert_eq!(home.key().unwrap(), key);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&home.key_file()), 0o600);

        std::fs::set_permissions(home.key_file(), Permissions::from_mode(0o644)).unwrap();
        home.key().unwrap();
        assert_eq!(mode(&home.key_file()), 0o600);

        std::fs::write(home.key_file(), "short\n").unwrap();
        assert_ne!(home.key().unwrap(), key);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let why = Home::take(&file).unwrap_err().to_string();
        assert!(why.contains("file") && why.contains("cannot be made"), "{why}");
    }
}
