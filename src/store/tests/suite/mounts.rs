//! Small file systems for tests, mounted where no other process sees them and gone with the test, whatever becomes of it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};

use crate::DEADLINE;
use crate::skip::skipped;

/// Runs `test` in a thread that sees mounts of its own, as the threads do that it starts, with a folder to mount on.
fn in_private(test: impl FnOnce(&Path) + Send) {
    let folder = tempfile::tempdir().expect("a folder");
    let test = || {
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNS) {
            return skipped(&format!("a disk that fills up or fails: mounting needs root: {error}"));
        }
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        match mount(None::<&str>, "/", None::<&str>, private, None::<&str>) {
            Ok(()) => test(folder.path()),
            // A chroot into a plain folder, as packages are built in.
            Err(error) => skipped(&format!("a disk that fills up or fails: mounts would be seen by others: {error}")),
        }
    };
    let result = std::thread::scope(|scope| scope.spawn(test).join());
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// Runs `test` in a file system of `size`, in memory.
pub fn in_memory(size: &str, test: impl FnOnce(&Path) + Send) {
    in_private(|folder| {
        let options = format!("size={size}");
        match mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some(options.as_str())) {
            Ok(()) => test(folder),
            Err(error) => skipped(&format!("a disk that fills up or fails: cannot mount a tmpfs: {error}")),
        }
    });
}

/// Mounts again with other flags.
pub fn remount(folder: &Path, flags: MsFlags) {
    mount(None::<&str>, folder, None::<&str>, MsFlags::MS_REMOUNT | flags, None::<&str>).expect("a mount to change");
}

/// Runs a program; whether it could do its work, with what it said if not.
fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// An ext4 file system in a file, which can fail as one on a disk does.
pub struct Ext4<'a> {
    image: &'a Path,
    /// Where it is mounted.
    pub folder: &'a Path,
}

impl Ext4<'_> {
    /// Mounts it.
    pub fn mount(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-t", "ext4", "-o", "loop"]).args([self.image, self.folder]))
    }

    /// Unmounts it. As with locks, a child that another test starts may hold what was closed for a moment.
    pub fn unmount(&self) {
        let start = Instant::now();
        loop {
            match umount(self.folder) {
                Err(Errno::EBUSY) if start.elapsed() < DEADLINE => std::thread::yield_now(),
                result => return result.expect("nobody uses it any more"),
            }
        }
    }

    /// Makes the kernel believe that the disk failed: it turns read-only at once, open files included.
    pub fn abort(&self) {
        run(Command::new("mount").args(["-o", "remount,abort"]).arg(self.folder)).expect("a mount to abort");
    }
}

/// Runs `test` in an ext4 file system.
pub fn in_ext4(test: impl FnOnce(&Ext4<'_>) + Send) {
    let image = tempfile::NamedTempFile::new().expect("a file");
    image.as_file().set_len(32 << 20).expect("a file with holes");
    in_private(|folder| {
        let disk = Ext4 { image: image.path(), folder };
        match run(Command::new("mkfs.ext4").arg("-q").arg(disk.image)).and_then(|()| disk.mount()) {
            Ok(()) => test(&disk),
            Err(error) => skipped(&format!("a disk that fills up or fails: no ext4 to be had: {error}")),
        }
    });
}
