// SPDX-License-Identifier: GPL-2.0

//! How structures and arrays cross the border to user space: by the rules of `uapi`'s first page.

use crate::uapi;
use kernel::{
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice,
        UserSliceReader,
        UserSliceWriter, //
    }, //
};
use zerocopy::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// Where a request came from, and how much of it the caller knows.
pub(super) struct Frame {
    arg: UserPtr,
    size: usize,
}

impl Frame {
    /// Reads a request. `size_min` is the size in version 1.0 of `T`, whose first field is a
    /// `uapi::Head`.
    pub(super) fn read<T: FromBytes + IntoBytes>(arg: UserPtr, size_min: u32) -> Result<(T, Self)> {
        let size: u32 = UserSlice::new(arg, size_of::<u32>()).reader().read()?;
        if size < size_min {
            return Err(EINVAL);
        }
        if size > uapi::SIZE_MAX {
            return Err(E2BIG);
        }
        let frame = Self {
            arg,
            size: size as usize,
        };

        let mut reader = UserSlice::new(arg, frame.size).reader();
        let mut request = read_known::<T>(&mut reader, frame.size)?;
        // The size may have been changed meanwhile; what was checked counts.
        let (head, _) = uapi::Head::mut_from_prefix(request.as_mut_bytes()).map_err(|_| EINVAL)?;
        head.size = size;
        if head.flags != 0 {
            return Err(EINVAL);
        }
        check_unknown::<T>(&mut reader, frame.size)?;
        Ok((request, frame))
    }

    /// Reads the head of a request that has nothing else in it: of the fields that both sides know
    /// behind it none is looked at. Else as [`read`](Self::read).
    pub(super) fn read_head<T>(arg: UserPtr, size_min: u32) -> Result<Self> {
        let mut reader = UserSlice::new(arg, size_of::<uapi::Head>()).reader();
        let head: uapi::Head = read_known(&mut reader, size_of::<uapi::Head>())?;
        if head.size < size_min {
            return Err(EINVAL);
        }
        if head.size > uapi::SIZE_MAX {
            return Err(E2BIG);
        }
        if head.flags != 0 {
            return Err(EINVAL);
        }
        let frame = Self {
            arg,
            size: head.size as usize,
        };
        if frame.size > size_of::<T>() {
            let mut reader = UserSlice::new(arg, frame.size).reader();
            reader.skip(size_of::<T>())?;
            check_unknown::<T>(&mut reader, frame.size)?;
        }
        Ok(frame)
    }

    /// Writes what comes behind the head of the answer, as much of it as the caller knows.
    pub(super) fn write_behind_head<T: IntoBytes + Immutable>(&self, answer: &T) -> Result {
        const HEAD: usize = size_of::<uapi::Head>();
        let known = self.size.min(size_of::<T>());
        let known = answer.as_bytes().get(HEAD..known).ok_or(EINVAL)?;
        UserSlice::new(self.arg.wrapping_byte_add(HEAD), known.len())
            .writer()
            .write_slice(known)
    }

    /// Writes the answer, as much of it as the caller knows.
    pub(super) fn write<T: IntoBytes + Immutable>(&self, answer: T) -> Result {
        let known = self.size.min(size_of::<T>());
        let known = answer.as_bytes().get(..known).ok_or(EINVAL)?;
        UserSlice::new(self.arg, known.len())
            .writer()
            .write_slice(known)
    }
}

/// How many elements are written at a time.
const BATCH: usize = 16;

/// An array in the caller's memory, whose elements have the size that the caller knows.
#[derive(Clone, Copy)]
pub(super) struct Array {
    address: UserPtr,
    count: usize,
    stride: usize,
}

impl Array {
    /// Takes an array as a request describes it; `size_min` is the size of an element in version
    /// 1.0. The stride of an array without elements is not looked at.
    pub(super) fn new(address: u64, count: u32, stride: u32, size_min: u32) -> Result<Self> {
        let fits = stride % 8 == 0 && (size_min..=uapi::SIZE_MAX).contains(&stride);
        if count > 0 && !fits {
            return Err(EINVAL);
        }
        let this = Self {
            address: UserPtr::from_addr(usize::try_from(address)?),
            count: usize::try_from(count)?,
            stride: usize::try_from(stride)?,
        };
        this.slice()?;
        Ok(this)
    }

    fn slice(&self) -> Result<UserSlice> {
        let size = self.count.checked_mul(self.stride).ok_or(EINVAL)?;
        Ok(UserSlice::new(self.address, size))
    }

    /// Reads each element in turn.
    pub(super) fn read<T: FromBytes + IntoBytes>(
        &self,
        mut take: impl FnMut(T) -> Result,
    ) -> Result {
        let mut reader = self.slice()?.reader();
        for _ in 0..self.count {
            let element = read_known::<T>(&mut reader, self.stride)?;
            check_unknown::<T>(&mut reader, self.stride)?;
            take(element)?;
        }
        Ok(())
    }

    /// Writes elements from the first one on, some at a time. More than there is room for is
    /// `EFAULT`.
    pub(super) fn write<T: IntoBytes + Immutable + Default + Copy>(
        &self,
        mut elements: impl Iterator<Item = T>,
    ) -> Result {
        let mut writer = self.slice()?.writer();
        loop {
            let mut batch = [T::default(); BATCH];
            let mut count = 0usize;
            for (place, element) in batch.iter_mut().zip(elements.by_ref()) {
                *place = element;
                count = count.saturating_add(1);
            }
            let batch = batch.get(..count).ok_or(EINVAL)?;
            if self.stride == size_of::<T>() {
                writer.write_slice(batch.as_bytes())?;
            } else {
                for element in batch {
                    self.write_one(&mut writer, element)?;
                }
            }
            if count < BATCH {
                return Ok(());
            }
        }
    }

    /// Writes elements from the first one on, as one copy where both sides know the same of them.
    /// More than there is room for is `EFAULT`.
    pub(super) fn write_slice<T: IntoBytes + Immutable>(&self, elements: &[T]) -> Result {
        let mut writer = self.slice()?.writer();
        if self.stride == size_of::<T>() {
            return writer.write_slice(elements.as_bytes());
        }
        for element in elements {
            self.write_one(&mut writer, element)?;
        }
        Ok(())
    }

    fn write_one<T: IntoBytes + Immutable>(
        &self,
        writer: &mut UserSliceWriter,
        element: &T,
    ) -> Result {
        let bytes = element.as_bytes();
        writer.write_slice(bytes.get(..self.stride).unwrap_or(bytes))?;
        write_zeros(writer, self.stride.saturating_sub(bytes.len()))
    }

    /// Writes zeros over all of it.
    pub(super) fn clear(&self) -> Result {
        let slice = self.slice()?;
        let mut writer = slice.writer();
        let size = writer.len();
        write_zeros(&mut writer, size)
    }
}

/// Reads what both sides know of a structure, which the caller takes to have `size` bytes.
fn read_known<T: FromBytes + IntoBytes>(reader: &mut UserSliceReader, size: usize) -> Result<T> {
    let mut value = T::new_zeroed();
    let known = size.min(size_of::<T>());
    let known = value.as_mut_bytes().get_mut(..known).ok_or(EINVAL)?;
    reader.read_slice(known)?;
    Ok(value)
}

/// Reads what only the caller knows of a structure, which must be zero.
fn check_unknown<T>(reader: &mut UserSliceReader, size: usize) -> Result {
    let mut left = size.saturating_sub(size_of::<T>());
    while left > 0 {
        let mut bytes = [0; 64];
        let length = left.min(bytes.len());
        let bytes = bytes.get_mut(..length).ok_or(EINVAL)?;
        reader.read_slice(bytes)?;
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(E2BIG);
        }
        left = left.saturating_sub(length);
    }
    Ok(())
}

fn write_zeros(writer: &mut UserSliceWriter, count: usize) -> Result {
    let zeros = [0; 64];
    let mut left = count;
    while left > 0 {
        let zeros = zeros.get(..left).unwrap_or(&zeros);
        writer.write_slice(zeros)?;
        left = left.saturating_sub(zeros.len());
    }
    Ok(())
}
