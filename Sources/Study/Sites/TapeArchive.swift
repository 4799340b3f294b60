/// The uncompressed POSIX ustar form of a bundle: regular files, sorted, all dates zero.
///
/// One encoding per content, so that equal bundles have equal bytes. Members are never written to disk under their stored name.
enum TapeArchive {
    static let maximumMembers = 10_000
    static let maximumBytes = 2 << 30
    private static let block = 512

    /// Writes members in ascending order of their names.
    static func encode(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var output: [UInt8] = []
        for member in members.sorted(by: { $0.name < $1.name }) {
            output.append(contentsOf: header(name: member.name, size: member.bytes.count))
            output.append(contentsOf: member.bytes)
            output.append(contentsOf: [UInt8](repeating: 0, count: (block - member.bytes.count % block) % block))
        }
        output.append(contentsOf: [UInt8](repeating: 0, count: 2 * block))
        return output
    }

    /// Reads an archive and refuses every other encoding of its members.
    static func decode(_ bytes: [UInt8], file: String) throws(BundleError) -> [(name: String, bytes: [UInt8])] {
        guard bytes.count <= maximumBytes else { throw BundleError(.limit, file: file, "more than 2 GiB") }
        guard bytes.count % block == 0, bytes.count >= 2 * block else {
            throw BundleError(.format, file: file, "not a whole number of 512-byte records: truncated or not a bundle")
        }
        var members: [(name: String, bytes: [UInt8])] = []
        var position = 0
        while position + block <= bytes.count, bytes[position] != 0 {
            let name = field(bytes, position, 100)
            guard let size = octal(bytes, position + 124, 12), size <= bytes.count - position - block,
                bytes[position..<position + block].elementsEqual(header(name: name, size: size))
            else { throw BundleError(.format, file: file, "member \(members.count + 1) has a damaged header") }
            guard members.count < maximumMembers else {
                throw BundleError(.limit, file: file, "more than 10000 members")
            }
            let start = position + block
            let padded = start + (size + block - 1) / block * block
            guard padded <= bytes.count, bytes[(start + size)..<padded].allSatisfy({ $0 == 0 }) else {
                throw BundleError(.format, file: file, "member \(name) is cut off or badly padded")
            }
            if let last = members.last, last.name >= name {
                throw BundleError(.format, file: file, "members are not in order or stand twice: \(name)")
            }
            members.append((name, Array(bytes[start..<start + size])))
            position = padded
        }
        guard bytes.count - position == 2 * block, bytes[position...].allSatisfy({ $0 == 0 }) else {
            throw BundleError(.format, file: file, "data after the last member, or its end is missing")
        }
        return members
    }

    private static func header(name: String, size: Int) -> [UInt8] {
        var record = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at offset: Int) {
            record.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octalText(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        put(String(name.prefix(100)), at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octalText(size, 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        let sum = record.reduce(0) { $0 + Int($1) }
        put(octalText(sum, 6), at: 148)
        record[154] = 0
        record[155] = UInt8(ascii: " ")
        return record
    }

    private static func field(_ bytes: [UInt8], _ start: Int, _ length: Int) -> String {
        String(decoding: bytes[start..<start + length].prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func octal(_ bytes: [UInt8], _ start: Int, _ length: Int) -> Int? {
        Int(field(bytes, start, length).trimmingPrefix(" "), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
    }
}
