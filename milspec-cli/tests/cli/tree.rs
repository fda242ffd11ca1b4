// SPDX-License-Identifier: GPL-2.0

//! Makes recorded trees: a machine as files, and the driver's answers as bytes.

use milspec_uapi::{Apply, Control, Controls, Info, Refresh, Status, Step, Target};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zerocopy::{FromZeros, IntoBytes};

/// The kernel of all recordings.
pub const RELEASE: &str = "7.3.4-test";

/// Where mainline's driver shows BIOS attributes.
pub const SYSMAN: &str = "sys/class/firmware-attributes/dell-wmi-sysman";

/// Which test, by its thread, has trees of this name.
static USERS: Mutex<BTreeMap<String, Option<String>>> = Mutex::new(BTreeMap::new());

/// A recorded tree; its directory goes with it.
pub struct Tree {
    dir: PathBuf,
    note: Value,
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Tree {
    /// A Dell on which everything works but the driver, which is not there. `name` is one that no other
    /// test uses, so that trees do not meet.
    pub fn bare(name: &str) -> Self {
        let this = std::thread::current().name().map(str::to_owned);
        let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        let user = users.entry(name.into()).or_insert_with(|| this.clone());
        assert_eq!(*user, this, "another test has a tree named {name}");
        drop(users);
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&dir);
        let tree = Self {
            dir,
            note: json!({ "schema": "milspec.recording/1", "from": "made by a test" }),
        };
        tree.write_note();
        tree.file("proc/sys/kernel/osrelease", &format!("{RELEASE}\n"))
            .file("proc/uptime", "1000.25 900.00\n")
            .file(
                "proc/self/status",
                "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t1000 990\n",
            )
            .file(
                "etc/group",
                "root:x:0:\nalice:x:1000:\nmilspec:x:990:alice\n",
            )
            .file(
                "etc/passwd",
                "root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n",
            )
            .file(
                &format!("boot/config-{RELEASE}"),
                "CONFIG_64BIT=y\nCONFIG_RUST=y\n",
            )
            .file(
                &format!("lib/modules/{RELEASE}/modules.dep"),
                "kernel/drivers/platform/x86/dell/dell-smbios.ko.xz: kernel/wmi.ko.xz\n",
            )
            .dmi("Dell Inc.", "Latitude 5450", "1.9.1")
            .file("sys/module/dell_smbios/initstate", "live\n")
            // The interface of dell-smbios; this firmware has none for attributes.
            .file(
                "sys/bus/wmi/devices/A80593CE-A997-11DA-B012-B622A1EF5492/guid",
                "A80593CE-A997-11DA-B012-B622A1EF5492\n",
            )
            .file("sys/class/tpm/tpm0/tpm_version_major", "2\n")
            .file("usr/bin/tpm2_quote", "")
            .file(
                "sys/bus/pci/devices/0000:00:00.0/uevent",
                "PCI_CLASS=60000\nPCI_ID=8086:7D01\n",
            )
            .file(
                "sys/kernel/security/lockdown",
                "[none] integrity confidentiality\n",
            )
    }

    /// [`Tree::bare`] with the module installed and loaded, and its device node.
    pub fn loaded(name: &str) -> Self {
        let mut tree = Self::bare(name).installed();
        tree.note["node"] = json!({ "mode": 0o640, "uid": 0, "gid": 990 });
        tree.write_note();
        tree.file("sys/module/dell_milspec/initstate", "live\n")
    }

    /// Installs the module, signed.
    pub fn installed(self) -> Self {
        self.file(
            &format!("lib/modules/{RELEASE}/modules.dep"),
            "kernel/drivers/platform/x86/dell/dell-smbios.ko.xz: kernel/wmi.ko.xz\n\
             updates/dkms/dell_milspec.ko:\n",
        )
        .file(
            &format!("lib/modules/{RELEASE}/updates/dkms/dell_milspec.ko"),
            "ELF~Module signature appended~\n",
        )
    }

    /// Writes a file.
    pub fn file(self, path: &str, text: &str) -> Self {
        self.file_of(path, text.as_bytes())
    }

    /// The same with contents that are no text.
    pub fn file_of(self, path: &str, bytes: &[u8]) -> Self {
        self.put(path, bytes);
        self
    }

    /// Removes a file or directory.
    pub fn without(self, path: &str) -> Self {
        let path = self.dir.join(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        self
    }

    /// Sets the DMI strings.
    pub fn dmi(self, vendor: &str, product: &str, bios: &str) -> Self {
        self.file("sys/class/dmi/id/sys_vendor", &format!("{vendor}\n"))
            .file("sys/class/dmi/id/product_name", &format!("{product}\n"))
            .file("sys/class/dmi/id/bios_version", &format!("{bios}\n"))
    }

    /// Adds the firmware's interface for BIOS attributes, and mainline's driver with no attribute.
    pub fn sysman(self) -> Self {
        self.sysman_interface()
            .file("sys/module/dell_wmi_sysman/initstate", "live\n")
            .file(&format!("{SYSMAN}/attributes/pending_reboot"), "0\n")
            .file(
                &format!("{SYSMAN}/attributes/reset_bios"),
                "builtinsafe lastknowngood [factory] custom\n",
            )
            .file(&format!("{SYSMAN}/authentication/Admin/is_enabled"), "0\n")
    }

    /// Adds that interface alone.
    pub fn sysman_interface(self) -> Self {
        let guid = "F1DDEE52-063C-4784-A11E-8A06684B9BF5";
        let path = format!("sys/bus/wmi/devices/{guid}-7/guid");
        self.file(&path, &format!("{guid}\n"))
    }

    /// Adds a BIOS attribute, with its values separated by `;`.
    pub fn attribute(self, name: &str, value: &str, possible: &str) -> Self {
        let file = |file: &str| format!("{SYSMAN}/attributes/{name}/{file}");
        self.file(&file("type"), "enumeration\n")
            .file(&file("current_value"), &format!("{value}\n"))
            .file(&file("default_value"), &format!("{value}\n"))
            .file(&file("possible_values"), &format!("{possible};\n"))
            .file(&file("display_name"), &format!("Name of {name}\n"))
            .file(&file("dell_modifier"), "\n")
            .file(&file("dell_value_modifier"), "\n")
    }

    /// Writes another file of an attribute.
    pub fn attribute_file(self, name: &str, file: &str, text: &str) -> Self {
        self.file(&format!("{SYSMAN}/attributes/{name}/{file}"), text)
    }

    /// Lets reading the value of an attribute fail.
    pub fn attribute_error(mut self, name: &str, errno: nix::errno::Errno) -> Self {
        let path = format!("/{SYSMAN}/attributes/{name}/current_value");
        self.note["unreadable"][path] = json!(errno as i32);
        self.write_note();
        self
    }

    /// Adds the ACPI device, bound to the driver.
    pub fn dsml0001(self) -> Self {
        self.file("sys/bus/acpi/devices/DSML0001:00/status", "15\n")
            .file("sys/bus/platform/devices/DSML0001:00/driver/uevent", "")
    }

    /// Records the driver's answers.
    pub fn answers(self, info: &Info, status: &Status, controls: &[Control]) -> Self {
        self.put("recording/info.bin", info.as_bytes());
        self.put("recording/status.bin", status.as_bytes());
        self.put("recording/controls.bin", &listing(status, controls));
        self
    }

    /// Records what a refresh gave.
    pub fn refreshed(self, answer: &Refresh, status: &Status, controls: &[Control]) -> Self {
        self.put("recording/refresh.bin", answer.as_bytes());
        self.put("recording/refreshed/status.bin", status.as_bytes());
        self.put(
            "recording/refreshed/controls.bin",
            &listing(status, controls),
        );
        self
    }

    /// Records the answer to a request to plan or apply, e.g. `plan-paranoid`.
    pub fn answer(self, name: &str, answer: &Apply, steps: &[Step]) -> Self {
        let mut bytes = answer.as_bytes().to_vec();
        for step in steps {
            bytes.extend(step.as_bytes());
        }
        self.put(&format!("recording/{name}.bin"), &bytes);
        self
    }

    /// Records the only request that gets the answer of this name.
    pub fn request(self, name: &str, request: &Apply, targets: &[Target]) -> Self {
        let mut bytes = request.as_bytes().to_vec();
        for target in targets {
            bytes.extend(target.as_bytes());
        }
        self.put(&format!("recording/{name}.request.bin"), &bytes);
        self
    }

    /// Lets a request to plan or apply fail without an answer.
    pub fn request_error(mut self, name: &str, errno: nix::errno::Errno) -> Self {
        self.note["errors"][name] = json!(errno as i32);
        self.write_note();
        self
    }

    /// Lets an apply take this long.
    pub fn apply_takes(mut self, ms: u64) -> Self {
        self.note["apply_ms"] = json!(ms);
        self.write_note();
        self
    }

    /// Records what status and controls are after an apply.
    pub fn applied(self, status: &Status, controls: &[Control]) -> Self {
        self.applied_as("applied", status, controls)
    }

    /// Records what status and controls are after a second apply.
    pub fn applied_twice(self, status: &Status, controls: &[Control]) -> Self {
        self.applied_as("applied-2", status, controls)
    }

    /// Records them in this directory.
    pub fn applied_as(self, name: &str, status: &Status, controls: &[Control]) -> Self {
        let path = |file: &str| format!("recording/{name}/{file}.bin");
        self.put(&path("status"), status.as_bytes());
        self.put(&path("controls"), &listing(status, controls));
        self
    }

    /// Records calls of the SMBIOS interface with their answers, without the length before them.
    pub fn smbios(self, calls: &[(Vec<u8>, Vec<u8>)]) -> Self {
        for (number, (request, answer)) in calls.iter().enumerate() {
            self.put(&format!("recording/smbios/{number}.request"), request);
            self.put(&format!("recording/smbios/{number}.answer"), answer);
        }
        self
    }

    /// Says where the recording is from.
    pub fn from(mut self, from: &str) -> Self {
        self.note["from"] = json!(from);
        self.write_note();
        self
    }

    /// Forgets what was recorded after a change.
    pub fn unapplied(self) -> Self {
        for name in ["applied", "applied-2"] {
            let _ = fs::remove_dir_all(self.path("recording").join(name));
        }
        self
    }

    /// Lets opening the device fail.
    pub fn open_error(mut self, errno: nix::errno::Errno) -> Self {
        self.note["open_error"] = json!(errno as i32);
        self.write_note();
        self
    }

    /// Sets owner and mode of the device node.
    pub fn node(mut self, mode: u32, gid: u32) -> Self {
        self.note["node"] = json!({ "mode": mode, "uid": 0, "gid": gid });
        self.write_note();
        self
    }

    /// The directory for `--root`.
    pub fn dir(&self) -> &str {
        self.dir.to_str().unwrap()
    }

    /// Where a file of the tree is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap()
    }

    /// Writes bytes.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn write_note(&self) {
        self.put("recording/recording.json", self.note.to_string().as_bytes());
    }
}

/// The answer to CONTROLS as a recording keeps it.
pub fn listing(status: &Status, controls: &[Control]) -> Vec<u8> {
    let mut head = Controls::new_zeroed();
    head.head.size = size_of::<Controls>() as u32;
    head.capacity = controls.len() as u32;
    head.count = controls.len() as u32;
    head.stride = size_of::<Control>() as u32;
    head.generation = status.generation;
    let mut bytes = head.as_bytes().to_vec();
    for control in controls {
        bytes.extend(control.as_bytes());
    }
    bytes
}
