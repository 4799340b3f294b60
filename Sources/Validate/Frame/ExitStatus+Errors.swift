import Cohort
import Engine
import Foundation
import Imaging
import Metrics
import Study

/// The one place that maps typed errors to exit codes.
extension ImagingError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .notFound, .unreadable: .noInput
        case .malformed, .unsupported, .tooLarge: .malformedInput
        case .cannotWrite(_, let reason): ExitStatus.ofWriting(reason: reason)
        }
    }
}

extension CohortError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .notFound, .unreadable: .noInput
        case .malformed: .malformedInput
        case .cannotWrite(_, let reason): ExitStatus.ofWriting(reason: reason)
        }
    }
}

extension EvaluationError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .gridMismatch, .deformation: .malformedInput
        case .unknownMetric, .nothingToMeasure: .usage
        case .parameter(let error): error.exitStatus
        }
    }
}

extension MetricError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .gridMismatch: .malformedInput
        case .invalidParameter: .usage
        }
    }
}

extension GeneratorError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch reason {
        case .sourceMissing, .finishedVolumeMissing: .noInput
        case .inputRefused, .failed, .timedOut, .outputInvalid, .weightsInvalid: .malformedInput
        }
    }
}

extension GeometryError: ExitStatusError {
    var exitStatus: ExitStatus { .malformedInput }
}

extension LatticeError: ExitStatusError {
    var exitStatus: ExitStatus { .malformedInput }
}

extension DeformationError: ExitStatusError {
    var exitStatus: ExitStatus { .malformedInput }
}

extension ProtocolError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .notFound, .unreadable: .noInput
        case .invalid: .invalidProtocol
        }
    }
}

extension StoreError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .notFound, .noSuchRun: .noInput
        case .notAStore, .conflict: .malformedInput
        case .cannotCreate, .networkFileSystem: .cannotCreate
        case .inputOutput: .inputOutput
        case .locked: .tryLater
        case .broken: .refused
        }
    }
}

extension RunError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .cohortDoesNotFit, .noCases: .malformedInput
        case .retiredMethod: .invalidProtocol
        }
    }
}

extension PublicViewError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .tooFewCases: .refused
        case .smallestCount: .usage
        }
    }
}

extension RegressionError: ExitStatusError {
    var exitStatus: ExitStatus { .malformedInput }
}

extension BundleError: ExitStatusError {
    var exitStatus: ExitStatus { code == .format || code == .limit ? .malformedInput : .refused }
}

extension ExitStatus {
    /// A full disk and a failing one are I/O errors; anything else about an output is that it cannot be created.
    static func ofWriting(reason: String) -> ExitStatus {
        let duringWriting = [ENOSPC, EDQUOT, EFBIG, EIO].compactMap { code in
            strerror(code).map { String(cString: $0) }
        }
        return duringWriting.contains { reason.contains($0) } ? .inputOutput : .cannotCreate
    }

    /// The status and the sentence of any error.
    static func of(_ error: any Error) -> (status: ExitStatus, message: String) {
        if let known = error as? any ExitStatusError { return (known.exitStatus, "\(known)") }
        if error is CancellationError { return (.stopped, "stopped") }
        if let known = error as? CocoaError {
            let name = known.filePath.map { "'\(SafeText.printable($0))'" } ?? "a file"
            switch known.code {
            case .fileNoSuchFile, .fileReadNoSuchFile: return (.noInput, "\(name) does not exist")
            case .fileReadNoPermission: return (.noInput, "\(name) cannot be read: permission denied")
            case .fileWriteNoPermission, .fileWriteFileExists, .fileWriteInvalidFileName, .fileWriteVolumeReadOnly:
                return (.cannotCreate, "\(name) cannot be created")
            case .fileWriteOutOfSpace: return (.inputOutput, "\(name) cannot be written: the disk is full")
            default: return (.inputOutput, "\(name): \(known.localizedDescription)")
            }
        }
        return (
            .internalError,
            "internal error, please report it with the command line and the version (validate --version): \(error)"
        )
    }
}
