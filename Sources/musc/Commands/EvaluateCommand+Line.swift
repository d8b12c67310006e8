import FoundationEssentials
import MuSc
import MuScBatch
import MuScEvaluation
import MuScResults
import MuScWatching
import SystemPackage

/// `musc evaluate --line`.
extension EvaluateCommand {
    /// Holds a line's scores against what people found of its parts, and those of the settings that the command line gives.
    ///
    /// - Parameter folder: The line's, as the user named it.
    func evaluateLine(_ folder: String) async throws {
        let line = LineCommand.Line.path(folder)
        // Threads and memory change no score: with these alone there is nothing to compare.
        let (deciding, others) = options.given.divided { Configuration.key(named: $0.key)?.decides ?? true }
        let configured = try options.messages.configuration(others)
        var evaluation = try state.evaluation(of: line, configured)
        if !deciding.isEmpty, evaluation.tooFew == nil {
            evaluation.keepPhotographs()
            try await add(.init(kind: .configured), configured, to: &evaluation)
            let flags = deciding.map { "--\($0.flag) \($0.value.flat)" }
            // What is to be said of the file was said.
            let place = ConfigurationPlace(file: ConfigurationPlace.find(options.messages.config).file)
            let given = try options.messages.configuration(others + deciding, place: place)
            try await add(.init(kind: .given, flags: flags), given, to: &evaluation)
        } else if !deciding.isEmpty {
            Terminal.note("nothing was computed anew: there are too few verdicts", .warning)
        }
        let table = LineTable(evaluation)
        Terminal.printResultText(json ? table.json : table.text)
        guard let output = output?.value.text else { return }
        do {
            try table.write(to: OutputFolder(FilePath(output)))
        } catch {
            throw UserError("\(error)", exit: .batchFailed)
        }
        Terminal.note("written to \(output): results.csv, .json, .md, parts.csv")
    }

    /// Scores the batches with checked parts anew, and adds what they come to.
    private func add(_ row: LineEvaluation.Row, _ configuration: Configuration, to evaluation: inout LineEvaluation) async throws {
        guard evaluation.tooFew == nil else { return }
        let processor = try await BatchProcessor.ready(configuration, fetching: options.fetchWeights)
        var row = row
        for batch in evaluation.batches {
            let (folder, files) = (batch.folder, evaluation.files(of: batch))
            do {
                let inspection = try await inspect(files, of: folder, by: processor)
                for finding in inspection.findings where row.kind == .given { Terminal.note("\(folder): \(finding.sentence)", .debug) }
                evaluation.take(inspection, of: batch, into: &row)
            } catch let error as ScoringError {
                switch error {
                case .tooFewImages, .region, .notFinite: evaluation.leaveOut(batch, because: "\(error)")
                case .cancelled, .listing, .memory, .spill: throw UserError("\(folder): \(error)", exit: .batchFailed)
                }
            }
        }
        evaluation.add(row)
    }

    /// Inspects one batch with progress on the terminal, until it is done or a signal ends it.
    private func inspect(_ files: [BatchFile], of folder: FilePath, by processor: BatchProcessor) async throws -> Inspection {
        let bar = ProgressBar(label: folder.string, isShown: options.messages.showsProgress)
        defer { bar.finish() }
        let task = Task { () throws -> Inspection in
            let isStopped = StopFlag()
            return try await withTaskCancellationHandler {
                try processor.inspectAlone(files, of: folder) { progress in
                    bar.update(progress)
                    return !isStopped.isSet
                }
            } onCancel: {
                isStopped.set()
            }
        }
        return try await StopSignal.cancelling(task)
    }
}

extension LedgerOption {
    /// What people found of a line's parts, beside the scores that these have. What cannot be matched is said.
    ///
    /// - Throws: ``UserError`` where nobody has said anything of them.
    func evaluation(of line: FilePath, _ configured: Configuration) throws -> LineEvaluation {
        let verdicts = LineVerdicts(of: line, memories: lines)
        for finding in verdicts.findings { Terminal.note(finding.sentence, .warning) }
        guard !verdicts.parts.isEmpty else {
            throw UserError(
                "\(line): nobody has said anything of the parts of such a line yet: give verdicts in the reports, or with musc verdict",
                exit: .usage)
        }
        let scored = try scored(of: line)
        return LineEvaluation(of: line, verdicts) { batch in
            let known = scored.filter { $0.folder == batch }.compactMap(\.results)
            let places = known.isEmpty ? ((try? configured.placesByHand(of: [batch])) ?? []).map(\.results) : known
            return places.filter { BatchOfResults.otherThan(batch, in: $0) == nil }
        }
    }
}

extension Array {
    /// Those for which something holds, and the others.
    fileprivate func divided(by holds: (Element) -> Bool) -> (those: [Element], others: [Element]) {
        (filter(holds), filter { !holds($0) })
    }
}
