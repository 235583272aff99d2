//! What one boot reads that is not on the platter: of one sector what it held before, or what another holds.
//!
//! The platter is as it should be, and so are the facts that rest on it. A process that believes what it read writes on from
//! there, and that is on the platter then; what it does not write over stays as it was.

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
    Elsewhere(u64),
}

/// What a sector held.
#[derive(Clone)]
pub(crate) struct Remembered {
    file: u16,
    sector: u64,
    bytes: Sector,
}

/// A file, as a boot reads it.
#[derive(Clone)]
pub(super) struct Misread {
    pub(super) file: u16,
    pub(super) bytes: Vec<u8>,
}

impl<F> Disk<F> {
    /// A boot is to read the disk. Where it walks into a trap, gives the file and the sector that are read wrongly, and the sector
    /// that is read in its place if there is one.
    ///
    /// Where all would be read as it is, the trap stays for the next boot.
    pub(crate) fn begin_reading(&mut self) -> Option<(String, u64, Option<u64>)> {
        let trap = self.read_trap.as_ref()?;
        let (file, sector, bytes, from) = match trap {
            ReadTrap::Stale(_) => return None,
            ReadTrap::Remembered(remembered) => (remembered.file, remembered.sector, remembered.bytes, None),
            ReadTrap::Elsewhere(draw) => {
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
        self.read_trap = None;
        self.misread = Some(Misread { file, bytes: read });
        Some((name, sector, from))
    }

    /// The boot is over; whoever reads the disk next reads the platter.
    pub(crate) fn end_reading(&mut self) {
        self.misread = None;
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
        let (sector, _) = inode.one_touched(sync, draw)?;
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
    use super::super::{Change, DIRECTORY, File, SectorFate};
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
        disk.change_names(request, change);
        sync(disk, File(DIRECTORY));
    }

    fn write(disk: &mut Disk<u64>, file: File, sector: u8, byte: u8) {
        let request = disk.next_request(1, file);
        disk.write(request, u64::from(sector) * 512, &[byte; 512], 512).expect("a disk with room");
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
        disk.set_read_trap(ReadTrap::Elsewhere(7));
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
    fn a_file_without_a_name_and_a_disk_that_was_wiped_are_not_misread() {
        let (mut disk, file) = disk(1);
        disk.set_read_trap(ReadTrap::Stale(7));
        write(&mut disk, file, 0, 9);
        change(&mut disk, Change::Remove { name: LOG.into() });
        assert_eq!(disk.begin_reading(), None);
        disk.wipe();
        assert!(!disk.has_read_trap());
    }
}
