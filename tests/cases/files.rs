//! Files that are the platform's own, files that are not, and names that some disks can't hold.
