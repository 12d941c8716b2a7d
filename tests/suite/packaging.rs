//! What the packages say about themselves: versions, copyright, units.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::skip::skipped;

/// Linux systems that crates are collected for; scripts/make-dist has the same.
const PLATFORMS: [&str; 7] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "riscv64gc-unknown-linux-gnu",
    "powerpc64le-unknown-linux-gnu",
    "s390x-unknown-linux-gnu",
    "i686-unknown-linux-gnu",
    "armv7-unknown-linux-gnueabihf",
];

const HEADER: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: mailjam
Comment:
 What follows the first paragraph is made from the manifests and licence files of
 the crates that Cargo.lock names; UPDATE_DOCS=1 cargo test --test suite copyright
 writes this file anew. Where no licence file names anybody, the authors are
 those of the manifest.

Files: *
Copyright: 2026 The mailjam developers
License: Expat or Apache-2.0
";

const EXPAT: &str = "\
License: Expat
 Permission is hereby granted, free of charge, to any person obtaining a copy
 of this software and associated documentation files (the \"Software\"), to deal
 in the Software without restriction, including without limitation the rights
 to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 copies of the Software, and to permit persons to whom the Software is
 furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in
 all copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.
";

const APACHE: &str = "\
License: Apache-2.0
 On Debian systems the text of the Apache License, Version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
";

const LLVM_EXCEPTION: &str = "\
License: Apache-2.0 with LLVM exception
 The Apache License, Version 2.0, see /usr/share/common-licenses/Apache-2.0, with
 this exception:
 .
 As an exception, if, as a result of your compiling your source code, portions
 of this Software are embedded into an Object form of such source code, you
 may redistribute such embedded portions in such Object form without complying
 with the conditions of Sections 4(a), 4(b) and 4(d) of the License.
 .
 In addition, if you combine or link compiled forms of this Software with
 software that is licensed under the GPLv2 (\"Combined Software\") and if a
 court of competent jurisdiction determines that the patent provision (Section
 3), the indemnity provision (Section 9) or other Section of the License
 conflicts with the conditions of the GPLv2, you may retroactively and
 prospectively choose to deem waived or otherwise exclude such Section(s) of
 the License, but only in their entirety and only with respect to the Combined
 Software.
";

const UNLICENSE: &str = "\
License: Unlicense
 This is free and unencumbered software released into the public domain.
 .
 Anyone is free to copy, modify, publish, use, compile, sell, or distribute
 this software, either in source code form or as a compiled binary, for any
 purpose, commercial or non-commercial, and by any means.
 .
 In jurisdictions that recognize copyright laws, the author or authors of this
 software dedicate any and all copyright interest in the software to the public
 domain. We make this dedication for the benefit of the public at large and to
 the detriment of our heirs and successors. We intend this dedication to be an
 overt act of relinquishment in perpetuity of all present and future rights to
 this software under copyright law.
 .
 THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN
 ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
 WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
";

const ZLIB: &str = "\
License: Zlib
 This software is provided 'as-is', without any express or implied warranty. In
 no event will the authors be held liable for any damages arising from the use
 of this software.
 .
 Permission is granted to anyone to use this software for any purpose, including
 commercial applications, and to alter it and redistribute it freely, subject to
 the following restrictions:
 .
 1. The origin of this software must not be misrepresented; you must not claim
 that you wrote the original software. If you use this software in a product,
 an acknowledgment in the product documentation would be appreciated but is not
 required.
 .
 2. Altered source versions must be plainly marked as such, and must not be
 misrepresented as being the original software.
 .
 3. This notice may not be removed or altered from any source distribution.
";

const UNICODE: &str = "\
License: Unicode-3.0
 Permission is hereby granted, free of charge, to any person obtaining a copy of
 data files and any associated documentation (the \"Data Files\") or software and
 any associated documentation (the \"Software\") to deal in the Data Files or
 Software without restriction, including without limitation the rights to use,
 copy, modify, merge, publish, distribute, and/or sell copies of the Data Files
 or Software, and to permit persons to whom the Data Files or Software are
 furnished to do so, provided that either (a) this copyright and permission
 notice appear with all copies of the Data Files or Software, or (b) this
 copyright and permission notice appear in associated Documentation.
 .
 THE DATA FILES AND SOFTWARE ARE PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND,
 EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
 MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT OF THIRD
 PARTY RIGHTS.
 .
 IN NO EVENT SHALL THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE
 LIABLE FOR ANY CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES, OR ANY
 DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN
 CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES OR SOFTWARE.
 .
 Except as contained in this notice, the name of a copyright holder shall not be
 used in advertising or otherwise to promote the sale, use or other dealings in
 these Data Files or Software without prior written authorization of the
 copyright holder.
";

/// The licence of subtle, by way of hmac.
const BSD3: &str = "\
License: BSD-3-Clause
 Redistribution and use in source and binary forms, with or without
 modification, are permitted provided that the following conditions are
 met:
 .
 1. Redistributions of source code must retain the above copyright
 notice, this list of conditions and the following disclaimer.
 .
 2. Redistributions in binary form must reproduce the above copyright
 notice, this list of conditions and the following disclaimer in the
 documentation and/or other materials provided with the distribution.
 .
 3. Neither the name of the copyright holder nor the names of its
 contributors may be used to endorse or promote products derived from
 this software without specific prior written permission.
 .
 THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS
 \"AS IS\" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED
 TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A
 PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT
 HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
 SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED
 TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR
 PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF
 LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING
 NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
 SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
";

/// The licence of ring, in part, and of untrusted.
const ISC: &str = "\
License: ISC
 Permission to use, copy, modify, and/or distribute this software for any
 purpose with or without fee is hereby granted, provided that the above
 copyright notice and this permission notice appear in all copies.
 .
 THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY
 SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER
 RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT,
 NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE
 USE OR PERFORMANCE OF THIS SOFTWARE.
";

/// SQLite's sources come inside a crate.
const SQLITE: &str = "\
Files: vendor/libsqlite3-sys-*/sqlite3/*
Copyright: none
License: public-domain
";

const PUBLIC_DOMAIN: &str = "\
License: public-domain
 The author disclaims copyright to this source code. In place of a legal notice,
 here is a blessing:
 .
 May you do good and not evil. May you find forgiveness for yourself and forgive
 others. May you share freely, never taking more than you give.
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A crate of somebody else.
struct Crate {
    /// name-version, which is its folder in the release.
    folder: String,
    license: String,
    holders: BTreeSet<String>,
}

fn crates() -> Vec<Crate> {
    let platforms = PLATFORMS.iter().flat_map(|platform| ["--filter-platform", *platform]);
    let arguments = ["metadata", "--format-version", "1", "--locked", "--all-features"].into_iter().chain(platforms);
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON from cargo");
    let packages = metadata["packages"].as_array().expect("packages");
    let used = used_crates();
    let others = packages.iter().filter(|package| !package["source"].is_null()).map(Crate::of);
    others.filter(|one| used.contains(&one.folder)).collect()
}

/// name-version of all crates that some build uses, asked as scripts/make-dist asks: cargo metadata also names those that
/// no feature in use brings.
fn used_crates() -> BTreeSet<String> {
    let arguments = ["tree", "--locked", "--workspace", "--all-features", "--edges", "normal,build,dev"].into_iter();
    let arguments = arguments.chain(["--prefix", "none", "--no-dedupe", "--format", "{p}"]);
    let platforms = PLATFORMS.iter().flat_map(|platform| ["--target", *platform]);
    let output = Command::new(env!("CARGO")).args(arguments.chain(platforms)).current_dir(root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    lines.lines().filter_map(|line| line.split_once(" v")).fold(BTreeSet::new(), |mut used, (name, rest)| {
        used.insert(format!("{name}-{}", rest.split(' ').next().unwrap_or_default()));
        used
    })
}

impl Crate {
    fn of(package: &Value) -> Crate {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let manifest = text("manifest_path");
        let mut holders = notices(Path::new(&manifest).parent().expect("a folder"));
        if holders.is_empty() {
            let authors = package["authors"].as_array().expect("authors");
            holders = authors.iter().filter_map(|author| author.as_str().map(str::to_owned)).collect();
        }
        if holders.is_empty() {
            holders.insert(format!("The developers of {}", text("name")));
        }
        Crate {
            folder: format!("{}-{}", text("name"), text("version")),
            license: debian_license(&text("license")),
            holders,
        }
    }
}

/// Whom the licence files of a crate name.
fn notices(folder: &Path) -> BTreeSet<String> {
    let mut notices = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder of a crate") {
        let entry = entry.expect("a file of a crate");
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if !["LICENSE", "LICENCE", "COPYING", "COPYRIGHT"].iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let Ok(text) = fs::read_to_string(entry.path()) else { continue };
        for line in text.lines() {
            let Some(notice) = line.trim().strip_prefix("Copyright ") else { continue };
            let holder = ["(c)", "(C)", "©"].iter().find_map(|mark| notice.strip_prefix(mark));
            // Without a mark only a year tells a notice from the text of a licence.
            let holder = holder.or_else(|| notice.starts_with(|first: char| first.is_ascii_digit()).then_some(notice));
            let Some(holder) = holder else { continue };
            let holder = holder.trim().trim_end_matches("All rights reserved.").trim();
            // Some files are templates that nobody filled in.
            if holder.len() > "2020".len() && !holder.starts_with('[') {
                notices.insert(holder.to_owned());
            }
        }
    }
    notices
}

/// An SPDX expression in the words of Debian's copyright format.
fn debian_license(spdx: &str) -> String {
    let spdx = spdx.replace("Apache-2.0 WITH LLVM-exception", "Apache-2.0 with LLVM exception").replace('/', " OR ");
    let text = spdx.replace(") AND ", ", and ").replace('(', "").replace(" OR ", " or ").replace(" AND ", " and ");
    text.split(' ')
        .map(|word| if word == "MIT" { "Expat" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
        .replace("MIT,", "Expat,")
}

fn copyright() -> String {
    let crates = crates();
    // Crates of the same people under the same licence share a paragraph.
    let mut paragraphs: BTreeMap<(&BTreeSet<String>, &str), BTreeSet<&str>> = BTreeMap::new();
    for one in &crates {
        paragraphs.entry((&one.holders, &one.license)).or_default().insert(&one.folder);
    }
    let mut paragraphs: Vec<_> = paragraphs.into_iter().map(|(key, folders)| (folders, key)).collect();
    paragraphs.sort();
    let mut text = HEADER.to_owned();
    for (folders, (holders, license)) in paragraphs {
        let files = folders.iter().map(|folder| format!("vendor/{folder}/*")).collect::<Vec<_>>().join("\n ");
        let holders = holders.iter().map(String::as_str).collect::<Vec<_>>().join("\n ");
        writeln!(text, "\nFiles: {files}\nCopyright: {holders}\nLicense: {license}").expect("memory");
    }
    let here: BTreeSet<&str> = crates.iter().map(|one| one.folder.as_str()).collect();
    let foreign: Vec<String> = locked_crates().into_iter().filter(|folder| !here.contains(folder.as_str())).collect();
    let files = foreign.iter().map(|folder| format!("vendor/{folder}/*")).collect::<Vec<_>>().join("\n ");
    write!(
        text,
        "\nFiles: {files}\nCopyright: The developers of each of them\nLicense: Expat or Apache-2.0\nComment:\n No Linux \
         build uses these. The release has their manifests, because Cargo looks\n at them, and nothing else of them.\n"
    )
    .expect("memory");
    for part in [SQLITE, EXPAT, APACHE, LLVM_EXCEPTION, BSD3, ISC, UNLICENSE, ZLIB, UNICODE, PUBLIC_DOMAIN] {
        text.push('\n');
        text.push_str(part);
    }
    text
}

/// name-version of all crates of others in Cargo.lock.
fn locked_crates() -> Vec<String> {
    read("Cargo.lock")
        .split("[[package]]")
        .filter(|package| package.contains("\nsource = "))
        .map(|package| {
            let field = |name: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
                line.trim_start_matches(" = ").trim_matches('"').to_owned()
            };
            format!("{}-{}", field("name"), field("version"))
        })
        .collect()
}

#[test]
fn copyright_covers_the_crates_of_others() {
    let text = copyright();
    for line in text.lines().filter_map(|line| line.strip_prefix("License: ")) {
        for license in line.replace(", and ", " or ").replace(" and ", " or ").split(" or ") {
            assert!(text.contains(&format!("\nLicense: {license}\n ")), "the text of {license:?} is missing");
        }
    }
    let file = root().join("debian/copyright");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &text).expect("debian/copyright can be written");
    }
    assert!(
        fs::read_to_string(file).expect("debian/copyright") == text,
        "debian/copyright is out of date; run: UPDATE_DOCS=1 cargo test --test suite copyright"
    );
}

#[test]
fn versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = read("debian/changelog");
    assert!(changelog.starts_with(&format!("mailjam ({version}-")), "debian/changelog begins with another version");
    let spec = read("rpm/mailjam.spec");
    let of_spec = spec.lines().find_map(|line| line.strip_prefix("Version:")).expect("a version");
    assert_eq!(of_spec.trim(), version, "rpm/mailjam.spec");
    assert!(read("CHANGELOG.md").contains(&format!("## {version}")), "CHANGELOG.md has no section {version}");
}

/// Units as systemd reads them, with programs in their places that exist.
#[test]
fn units_are_right_and_sandboxed() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return skipped("the units: systemd-analyze is not installed");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let units = folder.path().join("usr/lib/systemd/system");
    fs::create_dir_all(&units).expect("a folder");
    for program in ["usr/sbin/mailjamd", "usr/sbin/mailjam-web", "bin/kill"] {
        let program = folder.path().join(program);
        fs::create_dir_all(program.parent().expect("a folder")).expect("a folder");
        fs::copy("/bin/true", program).expect("a program");
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("systemd")).expect("systemd/") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension != "sysusers") {
            let name = path.file_name().expect("a name").to_owned();
            fs::copy(&path, units.join(&name)).expect("a copy");
            names.push(name);
        }
    }
    let analyze = |arguments: &[&str], names: &[std::ffi::OsString]| {
        let root = format!("--root={}", folder.path().display());
        let output = Command::new("systemd-analyze").args(arguments).arg(root).args(names).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "systemd-analyze {arguments:?}: {said}");
    };
    // The targets and services of others are not in this root, hence "no".
    analyze(&["verify", "--man=no", "--recursive-errors=no"], &names);
    analyze(&["security", "--offline=true", "--threshold=13"], &["mailjamd.service".into()]);
    analyze(&["security", "--offline=true", "--threshold=5"], &["mailjam-web.service".into()]);
}
