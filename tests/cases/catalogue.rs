//! Customer targets with, without and with half a catalogue.
