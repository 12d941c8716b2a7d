//! What leaves the tree: `make install`, the release tarball, and where musl and Fedora's settings are looked for.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::skip::skipped;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// Runs a command to its good end, and answers what it said.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// `make install` of programs that were never built, into a folder.
fn install(folder: &Path, variables: &[&str]) -> PathBuf {
    let (target, into) = (folder.join("target"), folder.join("into"));
    for program in ["mailjamd", "mailjam-cli", "mailjam-mta", "mailjam-web"] {
        write(&target.join("release").join(program), program);
    }
    let mut make = Command::new("make");
    // The flags of a make that runs the tests are not for this one.
    make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL").env_remove("MAILJAM_MTA").current_dir(root());
    make.args(["--silent", "install", "CARGO=true", "INSTALL_PACKAGES=:"]).args(variables);
    make.arg(format!("DESTDIR={}", into.display())).arg(format!("CARGO_TARGET_DIR={}", target.display()));
    make.arg(format!("build_mta=echo {}", target.join("release/mailjam-mta").display()));
    run(&mut make);
    into
}

/// The programs that a unit starts.
fn programs(unit: &str) -> Vec<&str> {
    let commands = unit.lines().filter_map(|line| line.strip_prefix("ExecStart=").or(line.strip_prefix("ExecReload=")));
    commands.filter_map(|command| command.split(' ').next()).filter(|program| !program.ends_with("/kill")).collect()
}

#[test]
fn make_install_puts_everything_where_it_is_looked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let into = install(folder.path(), &["PREFIX=/usr/local"]);
    let there = |path: &str| into.join(path.trim_start_matches('/'));
    for (program, path) in [
        ("mailjamd", "/usr/local/sbin/mailjamd"),
        ("mailjam-cli", "/usr/local/bin/mailjam-cli"),
        ("mailjam-web", "/usr/local/sbin/mailjam-web"),
        ("mailjam-mta", "/usr/local/libexec/mailjam/mailjam-mta"),
    ] {
        assert_eq!(read(&there(path)), program, "{path}");
        assert_eq!(fs::metadata(there(path)).expect(path).permissions().mode() & 0o777, 0o755, "{path}");
    }
    for entry in fs::read_dir(root().join("systemd")).expect("systemd/") {
        let name = entry.expect("a file").file_name().into_string().expect("a name");
        if name.ends_with(".sysusers") {
            let name = name.replace(".sysusers", ".conf");
            assert!(there(&format!("/usr/local/lib/sysusers.d/{name}")).exists(), "{name}");
            continue;
        }
        let unit = read(&there(&format!("/usr/local/lib/systemd/system/{name}")));
        assert_eq!(programs(&unit).is_empty(), !name.ends_with(".service"), "{name}");
        for program in programs(&unit) {
            assert!(there(program).exists(), "{name} starts {program}, which is not installed");
        }
    }
    for path in [
        "/etc/mailjam/mailjam.toml",
        "/etc/mailjam/mta.conf",
        "/etc/mailjam/web.toml",
        "/usr/local/share/man/man8/mailjamd.8",
    ] {
        assert!(there(path).exists(), "{path}");
    }

    // An administrator's configuration stays; and where there is no sbin, the unit knows.
    write(&there("/etc/mailjam/mailjam.toml"), "changed");
    install(folder.path(), &["PREFIX=/usr", "SBINDIR=/usr/bin"]);
    assert_eq!(read(&there("/etc/mailjam/mailjam.toml")), "changed");
    assert_eq!(read(&there("/usr/bin/mailjamd")), "mailjamd");
    assert_eq!(programs(&read(&there("/usr/lib/systemd/system/mailjamd.service"))), ["/usr/bin/mailjamd"; 2]);
}

#[test]
fn links_of_installed_documents_lead_somewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let documents = install(folder.path(), &["PREFIX=/usr"]).join("usr/share/doc/mailjam");
    // Packages leave these out.
    for path in read(&root().join("debian/not-installed")).lines().filter(|line| !line.starts_with('#')) {
        fs::remove_file(documents.join(Path::new(path).file_name().expect("a name"))).expect(path);
    }
    let mut links = 0;
    for folder in [documents.clone(), documents.join("docs"), documents.join("docs/decisions")] {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                continue;
            }
            for target in read(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let file = target.split('#').next().unwrap_or_default();
                // Places in the code are for those who have it.
                if file.is_empty() || file.starts_with("https://") || file.starts_with("../src/") {
                    continue;
                }
                assert!(folder.join(file).exists(), "{}: {target} is not installed", path.display());
                links += 1;
            }
        }
    }
    assert!(links > 10, "{links}");
}

#[test]
fn musl_is_found_under_the_names_of_debian() {
    let folder = tempfile::tempdir().expect("a folder");
    let cc = folder.path().join("cc");
    let find = |machine: &str, musl_dir: Option<&Path>| {
        write(&cc, &format!("#!/bin/sh\necho {machine}\n"));
        fs::set_permissions(&cc, fs::Permissions::from_mode(0o755)).expect("a program");
        let mut command = Command::new(root().join("scripts/find-musl"));
        command.arg(folder.path().join("lib")).env("CC", &cc).env_remove("MUSL_DIR");
        let output = command.envs(musl_dir.map(|folder| ("MUSL_DIR", folder))).output().expect("a shell");
        let found = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.success(), !found.is_empty());
        found.trim_end().to_owned()
    };
    let here = |name: &str| folder.path().join("lib").join(name);
    for (machine, name) in [
        ("x86_64-linux-gnu", "x86_64-linux-musl"),
        ("i386-linux-gnu", "i386-linux-musl"),
        ("arm-linux-gnueabihf", "arm-linux-musleabihf"),
        ("powerpc64le-linux-gnu", "powerpc64le-linux-musl"),
    ] {
        // What is there for other machines does not count.
        assert_eq!(find(machine, None), "", "{machine}");
        for file in ["rcrt1.o", "libc.a"] {
            write(&here(name).join(file), "");
        }
        assert_eq!(find(machine, None), here(name).display().to_string());
    }
    // A compiler without such names, and musl in a place of its own.
    for file in ["rcrt1.o", "libc.a"] {
        write(&here("musl/lib").join(file), "");
        write(&folder.path().join("own").join(file), "");
    }
    fs::remove_dir_all(here("x86_64-linux-musl")).expect("a folder removed");
    assert_eq!(find("", None), here("musl/lib").display().to_string());
    let own = folder.path().join("own");
    assert_eq!(find("x86_64-linux-gnu", Some(&own)), own.display().to_string());
    assert_eq!(find("x86_64-linux-gnu", Some(folder.path())), "");
}

#[test]
fn what_builds_leave_behind_is_not_in_the_next_release() {
    if !is_there("xz") {
        return skipped("what builds leave behind in a release: xz is not installed");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let tree = folder.path();
    write(&tree.join("Cargo.toml"), "[workspace.package]\nversion = \"1.2.3\"\n");
    write(&tree.join(".released"), "1700000000\n");
    // A crate may have what looks like leftovers.
    let kept =
        ["debian/rules", "debian/mailjam.postrm", "debian/mailjam-mta.install", "vendor/a-1/debian/files", "src/x"];
    for path in kept {
        write(&tree.join(path), path);
    }
    fs::create_dir_all(tree.join("scripts")).expect("a folder");
    fs::copy(root().join("scripts/make-dist"), tree.join("scripts/make-dist")).expect("a copy");
    let release = || {
        run(Command::new(tree.join("scripts/make-dist")).env_remove("CARGO_TARGET_DIR").current_dir(tree));
        fs::read(tree.join("dist/mailjam-1.2.3.tar.xz")).expect("a release")
    };
    let first = release();
    for path in [
        "target/release/mailjamd",
        ".cargo-home/registry/x",
        "debian/cargo-home/x",
        "debian/.debhelper/generated/x",
        "debian/debhelper-build-stamp",
        "debian/files",
        "debian/mailjam.substvars",
        "debian/mailjam.postinst.debhelper",
        "debian/mailjam/usr/sbin/mailjamd",
        "debian/mailjam-mta/usr/x",
        "debian/mailjam-cli/usr/x",
        "debian/tmp/x",
    ] {
        write(&tree.join(path), path);
    }
    assert!(release() == first, "leftovers of a build are in the release");
    let listed = run(Command::new("tar").arg("-tf").arg(tree.join("dist/mailjam-1.2.3.tar.xz")));
    for path in kept {
        assert!(listed.lines().any(|line| line == format!("mailjam-1.2.3/{path}")), "{path} is missing: {listed}");
    }
}

#[test]
fn the_spec_follows_the_settings_of_fedora() {
    if !is_there("rpmspec") {
        return skipped("the spec with Fedora's settings: rpmspec is not installed");
    }
    let spec = |definitions: &[&str]| {
        let mut command = Command::new("rpmspec");
        command.args(["--parse", "--load", "rpm/macros.systemd", "--define", "_sourcedir systemd"]).current_dir(root());
        for definition in definitions {
            command.args(["--define", definition]);
        }
        run(command.arg("rpm/mailjam.spec"))
    };
    let fedora = spec(&["build_rustflags -Copt-level=3", "_sbindir /usr/bin"]);
    for wanted in ["RUSTFLAGS=\"-Copt-level=3 --remap-path-prefix=", " SBINDIR=/usr/bin ", "\n/usr/bin/mailjamd\n"] {
        assert!(fedora.contains(wanted), "{wanted}: {fedora}");
    }
    assert!(spec(&[]).contains("RUSTFLAGS=\" --remap-path-prefix="));
}
