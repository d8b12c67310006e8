import COpenBLAS

/// The one place that talks to OpenBLAS: single-precision matrix products on the calling thread.
///
/// OpenBLAS's own threads are switched off, because the callers already run one thread a core; two schedulers
/// that fight for the cores are slower than either.
package enum OpenBLAS {
    /// Chooses the kernels once, before the first product.
    private static let isReady: Bool = {
        musc_openblas_choose_kernels()
        openblas_set_num_threads(1)
        return true
    }()

    /// Chooses the kernels now: it changes the process's environment for a moment, so that a program with threads does
    /// it before it has any. Otherwise the first product does.
    package static func prepare() { _ = isReady }

    /// The name of the kernels in use, such as `SkylakeX` or `Haswell`.
    package static var kernelName: String {
        _ = isReady
        return openblas_get_corename().map { String(cString: $0) } ?? "unknown"
    }

    /// Computes `c = alpha · a · bᵀ + beta · c` or, with `transposesB` false, `c = alpha · a · b + beta · c`.
    ///
    /// All matrices are row-major; a stride is the distance from one row to the next, in elements.
    ///
    /// - Parameters:
    ///   - rows: Rows of `a` and `c`.
    ///   - columns: Columns of `c`.
    ///   - depth: Columns of `a`.
    ///   - a: `rows × depth`.
    ///   - b: `columns × depth` where `transposesB`, else `depth × columns`.
    ///   - c: `rows × columns`.
    package static func product(
        rows: Int, columns: Int, depth: Int, alpha: Float = 1, a: UnsafePointer<Float>, strideA: Int,
        b: UnsafePointer<Float>, strideB: Int, transposesB: Bool, beta: Float = 0, c: UnsafeMutablePointer<Float>,
        strideC: Int
    ) {
        _ = isReady
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns),
            Int32(depth), alpha, a, Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
    }
}
