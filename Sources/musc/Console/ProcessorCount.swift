import FoundationEssentials

/// Processors that this process may run on, at least 1.
func processorCount() -> Int { max(ProcessInfo.processInfo.activeProcessorCount, 1) }
