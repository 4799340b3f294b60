import CKernels
import Imaging

/// Two images on one grid, and where to compare them.
struct ImagePair {
    let generated: Volume<Float>
    let reference: Volume<Float>
    let region: Mask?
    let threads: Int

    var geometry: Geometry { reference.geometry }

    /// Calls the body with the voxels of both images and of the region (nil: everywhere), in storage order.
    func withVoxels<Result>(
        _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<UInt8>?) -> Result
    ) -> Result {
        generated.voxels.withUnsafeBufferPointer { generated in
            reference.voxels.withUnsafeBufferPointer { reference in
                guard let x = generated.baseAddress, let y = reference.baseAddress else {
                    preconditionFailure("a grid has at least one voxel")
                }
                guard let region else { return body(x, y, nil) }
                return region.voxels.withUnsafeBufferPointer { body(x, y, $0.baseAddress) }
            }
        }
    }

    /// Sums over the region, after clipping both images to the range.
    func errorSums(clippedTo range: ClosedRange<Double>? = nil) -> ck_error_sums_t {
        var sums = ck_error_sums_t()
        let status = withVoxels { x, y, region in
            ck_error_sums(
                x, y, region, Int64(geometry.voxelCount), range?.lowerBound ?? -.infinity,
                range?.upperBound ?? .infinity, Int32(threads), &sums)
        }
        precondition(status == 0, "out of memory")
        return sums
    }
}
