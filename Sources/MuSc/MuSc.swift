// What the signatures of the library need, so that one import is enough.
@_exported import MuScBackbone
@_exported import MuScBatch
@_exported import MuScImages
@_exported import MuScResults
@_exported import MuScScoring
@_exported import MuScVerdicts
@_exported import MuScWeights
@_exported import struct SystemPackage.FilePath
