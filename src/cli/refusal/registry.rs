//! Errors of registries.

use super::Refusal;
use crate::cli::exit::Exit;

/// Codes, with how they end, what they mean and what to do.
pub(super) const REFUSALS: &[Refusal] = &[
    Refusal {
        code: "registry-login",
        exits: &[Exit::NotAuthorised],
        meaning: "A registry does not let somebody in, or a login for it can't be had.",
        why: "Nobody logged in, the login is wrong or expired, or its account may not do that. Logins are docker's and podman's: in their files, or with the programs that these name. None stands in arguments.",
        cure: "`docker login HOST`, or `podman login HOST`. To push, an account has to be allowed to write.",
    },
    Refusal {
        code: "registry-unavailable",
        exits: &[Exit::Temporary],
        meaning: "A registry does not answer, or is too busy.",
        why: "The network or the registry is in the way. What could be repeated was. A tag points to what it pointed to before, or to all of what was brought there.",
        cure: "Repeat the command later. Files that arrived are not sent again.",
    },
    Refusal {
        code: "registry-unreachable",
        exits: &[Exit::Failed],
        meaning: "Who answers is not the registry, or speaks no TLS.",
        why: "Its certificate is not one that is trusted, or it speaks plain HTTP, which is spoken with this machine only.",
        cure: "See to the host and the port. If its certificate is of an authority of your own: `--ca-file FILE`, or `RECIPACK_CA_FILE`.",
    },
    Refusal {
        code: "registry-refused",
        exits: &[Exit::Failed],
        meaning: "A registry refuses what is asked of it.",
        why: "It says why in the line of the error: a repository that may not be made, a limit, a tag that may not be moved.",
        cure: "Correct what it names.",
    },
    Refusal {
        code: "registry-answer",
        exits: &[Exit::Failed],
        meaning: "What a registry answers is no registry's answer.",
        why: "It is a page for people, no JSON, or larger than such answers are. A proxy, a login page or another service may stand there.",
        cure: "See to the host and the repository.",
    },
    Refusal {
        code: "registry-diverted",
        exits: &[Exit::Failed],
        meaning: "A registry leads to a place where nothing is sent.",
        why: "Without TLS only this machine is spoken to, and only if the registry is there; nothing is written to another host. A login goes to the registry, and to the place with TLS that it says hands out its tokens.",
        cure: "See to the host, or ask whoever runs the registry.",
    },
    Refusal {
        code: "registry-digest",
        exits: &[Exit::VerificationFailed],
        meaning: "What came from a registry or a layout is not what was asked for.",
        why: "Manifests and files are known by their digests and sizes. One of them is another, so that something on the way changed it, or the place that it is kept in is damaged. Nothing of it was taken.",
        cure: "Repeat the command. If it stays so, push the package again from where it was made, or take it from another registry.",
    },
    Refusal {
        code: "not-in-registry",
        exits: &[Exit::Failed],
        meaning: "A registry or a layout has no such tag, manifest or repository.",
        why: "The name is another one, or the login does not reach it: many registries say so of what they don't show.",
        cure: "`recipack tags ADDRESS` lists those that are there.",
    },
    Refusal {
        code: "no-package-there",
        exits: &[Exit::Failed],
        meaning: "What a registry has under that name is no package, or one that is too large.",
        why: "A package is a manifest with a zip in it: one of the type that `recipack push` gives it, or the only file whose name ends with `.zip`. An image for containers is none.",
        cure: "Name another tag or digest, or push the package again.",
    },
    Refusal {
        code: "tag-taken",
        exits: &[Exit::Refused],
        meaning: "The tag points to another package already.",
        why: "Others may have taken a package by this tag, and would get something else now. The same package can be pushed again under the same tag as often as one likes.",
        cure: "Choose another tag. If the tag is one that moves, such as `latest`: `--move-tag`.",
    },
    Refusal {
        code: "no-layout",
        exits: &[Exit::Failed],
        meaning: "A folder is not in the OCI image layout, or damaged.",
        why: "Such a folder has a file `oci-layout` and a list `index.json`. A new one is only made where no other files are.",
        cure: "Name a folder that `recipack push`, `skopeo` or `oras` made, or one that is not there yet.",
    },
];
