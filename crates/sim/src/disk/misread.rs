//! What one boot reads that is not on the platter: of one sector what it held before, or what another holds.
//!
//! The platter is as it should be, and so are the facts that rest on it. A process that believes what it read writes on from
//! there, and that is on the platter then; what it does not write over stays as it was.

use std::cell::Cell;

use super::inode::Sector;
use super::{Disk, Request};
use crate::mix::mix;
use crate::sample::below;

/// A sector that the next boot does not read as it is.
#[derive(Clone)]
pub(crate) enum ReadTrap {
    /// One of what is synced next, as it was before; which one is drawn from this word.
    Stale(u64),
    /// The one that was drawn, as it was before it was synced.
    Remembered(Box<Remembered>),
    /// Any, with the bytes of another one of its file; which ones is drawn from this word.
    Misdirected(u64),
}

/// What a sector held.
#[derive(Clone)]
pub(crate) struct Remembered {
    file: u16,
    sector: u64,
    bytes: Sector,
}

/// A sector that a boot read wrongly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Misread {
    /// The file.
    pub(crate) name: String,
    pub(crate) sector: u64,
    /// The sector that was read in its place; nothing where it was read as it was before.
    pub(crate) from: Option<u64>,
}

/// A file, as the boot that is under way reads it if it does.
#[derive(Clone)]
pub(super) struct Misreading {
    file: u16,
    bytes: Vec<u8>,
    what: Misread,
    /// Whether the boot did read it.
    served: Cell<bool>,
}

impl<F> Disk<F> {
    /// A boot is to read the disk, and walks into the trap that is set once it reads the file that the trap is in.
    pub(crate) fn begin_reading(&mut self) {
        self.misreading = self.spring();
    }

    /// The boot is over; whoever reads the disk next reads the platter. Gives what it read wrongly.
    ///
    /// Where it read nothing wrongly, the trap stays for the next boot: who never asks for the file has not been tested.
    pub(crate) fn end_reading(&mut self) -> Option<Misread> {
        let misreading = self.misreading.take().filter(|misreading| misreading.served.get())?;
        self.read_trap = None;
        Some(misreading.what)
    }

    /// What a boot reads in place of this file, if it is not what is on the platter.
    pub(super) fn misread(&self, file: u16) -> Option<&[u8]> {
        let misreading = self.misreading.as_ref().filter(|misreading| misreading.file == file)?;
        misreading.served.set(true);
        Some(&misreading.bytes)
    }

    /// The file that the trap is in, as it would be read; nothing where that is what is on the platter.
    fn spring(&self) -> Option<Misreading> {
        let trap = self.read_trap.as_ref()?;
        let (file, sector, bytes, from) = match trap {
            ReadTrap::Stale(_) => return None,
            ReadTrap::Remembered(remembered) => (remembered.file, remembered.sector, remembered.bytes, None),
            ReadTrap::Misdirected(draw) => {
                let (file, sector, other) = self.two_sectors(*draw)?;
                (file, sector, self.inodes[file as usize].sector(other), Some(other))
            }
        };
        let name = self.directory.durable().find(|(_, known)| *known == file)?.0.to_owned();
        let inode = &self.inodes[file as usize];
        let read = inode.durable_but_for(sector, &bytes);
        if read == inode.durable() {
            return None;
        }
        Some(Misreading { file, bytes: read, what: Misread { name, sector, from }, served: Cell::new(false) })
    }

    /// A sector, and another one of its file, drawn among all of files that have two and are found.
    fn two_sectors(&self, draw: u64) -> Option<(u16, u64, u64)> {
        let files = || {
            let counted = self.directory.durable().map(|(_, file)| (file, self.inodes[file as usize].sectors()));
            counted.filter(|(_, sectors)| *sectors > 1)
        };
        let total: u64 = files().map(|(_, sectors)| sectors).sum();
        let mut sector = below(draw, total.max(1));
        for (file, sectors) in files() {
            if sector < sectors {
                let other = below(mix(draw, 1), sectors - 1);
                return Some((file, sector, other + u64::from(other >= sector)));
            }
            sector -= sectors;
        }
        None
    }

    /// Where a trap waits for a sync and this is one: a sector that it writes to, as it is.
    pub(super) fn about_to_change(&self, sync: Request) -> Option<Remembered> {
        let Some(ReadTrap::Stale(draw)) = self.read_trap else { return None };
        let inode = &self.inodes[sync.file as usize];
        let sector = inode.one_touched(sync, draw)?;
        Some(Remembered { file: sync.file, sector, bytes: inode.sector(sector) })
    }

    /// The sync is through. Where the sector is what it was, the next sync is the one.
    pub(super) fn remember(&mut self, before: Option<Remembered>) {
        if let Some(before) = before
            && self.inodes[before.file as usize].sector(before.sector) != before.bytes
        {
            self.read_trap = Some(ReadTrap::Remembered(Box::new(before)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Change, DIRECTORY, File, Needed, SectorFate};
    use super::*;

    const LOG: &str = "log";

    /// A disk with a file of so many sectors, the first of ones, the second of twos.
    fn disk(sectors: u8) -> (Disk<u64>, File) {
        let mut disk = Disk::new();
        let file = disk.new_file();
        change(&mut disk, Change::Create { name: LOG.into(), file: file.0 });
        (0..sectors).for_each(|sector| write(&mut disk, file, sector, sector + 1));
        (disk, file)
    }

    fn change(disk: &mut Disk<u64>, change: Change) {
        let request = disk.next_request(1, File(DIRECTORY));
        disk.see(&change);
        disk.change_names(request, change).expect("a disk without failures");
        sync(disk, File(DIRECTORY));
    }

    fn write(disk: &mut Disk<u64>, file: File, sector: u8, byte: u8) {
        let request = disk.next_request(1, file);
        disk.write(request, u64::from(sector) * 512, &[byte; 512], Needed::All).expect("a disk with room");
        sync(disk, file);
    }

    fn sync(disk: &mut Disk<u64>, file: File) {
        let request = disk.next_request(1, file);
        disk.synced(request, &mut Vec::new(), |_| SectorFate::Kept).expect("a sound disk");
    }

    /// The first bytes of the sectors that a boot reads, and that the next one does.
    fn boots(disk: &mut Disk<u64>) -> [Vec<u8>; 2] {
        [(); 2].map(|()| {
            disk.begin_reading();
            let read = disk.read(LOG).iter().step_by(512).copied().collect();
            disk.end_reading();
            read
        })
    }

    #[test]
    fn a_sector_is_read_as_it_was_before_the_sync_that_follows() {
        let (mut disk, file) = disk(2);
        disk.set_read_trap(ReadTrap::Stale(7));
        assert_eq!(boots(&mut disk), [[1, 2], [1, 2]], "nothing was synced since");
        write(&mut disk, file, 1, 2);
        assert_eq!(boots(&mut disk), [[1, 2], [1, 2]], "what was synced is what was there");
        write(&mut disk, file, 1, 8);
        write(&mut disk, file, 1, 9);
        write(&mut disk, file, 0, 9);
        assert_eq!(boots(&mut disk), [[9, 2], [9, 9]]);
        assert!(!disk.has_read_trap());
    }

    #[test]
    fn what_was_never_written_reads_as_zeros_and_no_file_is_shorter() {
        let (mut disk, file) = disk(1);
        disk.set_read_trap(ReadTrap::Stale(7));
        write(&mut disk, file, 1, 2);
        assert_eq!(boots(&mut disk), [[1, 0], [1, 2]]);
    }

    #[test]
    fn where_there_is_nothing_to_misread_the_trap_stays() {
        let (mut disk, file) = disk(1);
        disk.set_read_trap(ReadTrap::Misdirected(7));
        assert_eq!(boots(&mut disk), [[1], [1]], "there is no other sector");
        write(&mut disk, file, 1, 1);
        assert_eq!(boots(&mut disk), [[1, 1], [1, 1]], "the other one is the same");
        write(&mut disk, file, 1, 2);
        assert!(disk.has_read_trap());
        let [one, next] = boots(&mut disk);
        assert!([[1, 1], [2, 2]].contains(&[one[0], one[1]]), "{one:?}");
        assert_eq!(next, [1, 2]);
    }

    #[test]
    fn where_nobody_reads_the_file_the_trap_stays() {
        let (mut disk, file) = disk(1);
        disk.set_read_trap(ReadTrap::Stale(7));
        write(&mut disk, file, 0, 9);
        disk.begin_reading();
        assert_eq!(disk.read("another"), [0; 0]);
        assert_eq!(disk.end_reading(), None);
        disk.begin_reading();
        assert_eq!(disk.read(LOG)[0], 1);
        assert_eq!(disk.end_reading(), Some(Misread { name: LOG.into(), sector: 0, from: None }));
        assert!(!disk.has_read_trap());
    }

    #[test]
    fn a_file_without_a_name_and_a_disk_that_was_wiped_are_not_misread() {
        let (mut disk, file) = disk(1);
        disk.set_read_trap(ReadTrap::Stale(7));
        write(&mut disk, file, 0, 9);
        change(&mut disk, Change::Remove { name: LOG.into() });
        disk.begin_reading();
        assert_eq!(disk.read(LOG), [0; 0]);
        assert_eq!(disk.end_reading(), None);
        disk.wipe();
        assert!(!disk.has_read_trap());
    }
}
