using System.Buffers;
using System.Runtime.CompilerServices;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// Cuts a stream of JSON objects into its objects, however they follow each other: one a line, spread over lines, or as one array. It finds
/// where each ends and looks at nothing else, so that a broken one does not take the others with it. One without an end, and whatever else stands
/// between objects, goes up to the next line that begins with one.
/// </summary>
internal static class JsonValues
{
    // A document of 16 MB, every byte of it an int in canonical form, and some more.
    private const int LongestObject = 512 * 1024 * 1024;

    // Between objects stands white space, what an array has there, and at the begin of a file perhaps the mark of UTF-8.
    private static readonly SearchValues<byte> Between = SearchValues.Create(" \t\r\n,[]\uFEFF"u8);

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);

    /// <summary>Each object with the offset behind it.</summary>
    /// <param name="json">UTF-8. Stands between two objects.</param>
    /// <param name="offset">Where that is in the file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CorruptDumpException">The file ends within an object, or behind something that is none.</exception>
    public static async IAsyncEnumerable<(byte[] Json, long End)> ReadAsync(
        Stream json,
        long offset,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (buffer, start, end) = (new byte[1 << 18], 0, 0);
        var scan = new Scan();
        while (true)
        {
            while (scan.TryFind(buffer.AsSpan(start, end - start), offset, out var from, out var to))
            {
                yield return (buffer[(start + from)..(start + to)], offset + to);
                start += to;
                offset += to;
            }

            var skipped = scan.Skipped;
            start += skipped;
            offset += skipped;
            (buffer, end) = MakeRoom(buffer, start, end);
            start = 0;

            var read = await FillAsync(json, buffer.AsMemory(end), offset, cancellationToken);
            if (read == 0)
                break;

            end += read;
        }

        if (end > 0)
            throw new CorruptDumpException(
                offset,
                scan.IsBroken ? "what stands there is no JSON object, and no line with one follows" : "the file ends within a document",
                json.CanSeek ? json.Length : null
            );
    }

    private static (byte[] Buffer, int End) MakeRoom(byte[] buffer, int start, int end)
    {
        var left = end - start;
        var next = left > buffer.Length / 2 ? new byte[buffer.Length * 2] : buffer;
        buffer.AsSpan(start, left).CopyTo(next);

        return (next, left);
    }

    private static async Task<int> FillAsync(Stream json, Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await json.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidDataException broken)
        {
            throw new CorruptDumpException(offset, $"{broken.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Remembers how far an object has been looked at that is not yet there to its end.</summary>
    private sealed class Scan
    {
        // What the containers are that are open: true for arrays.
        private readonly Stack<bool> _open = new();
        private int _seen;
        private bool _inText;

        /// <summary>How much of what was looked at last stands before the next object, and is done with.</summary>
        public int Skipped { get; private set; }

        /// <summary>Whether what is looked at is no object: it is cut off where the next one begins.</summary>
        public bool IsBroken { get; private set; }

        public bool TryFind(ReadOnlySpan<byte> json, long offset, out int from, out int to)
        {
            (from, to, Skipped) = (0, 0, 0);
            if (_open.Count == 0 && !IsBroken)
            {
                from = json.IndexOfAnyExcept(Between);
                Skipped = from = from < 0 ? json.Length : from;
                if (from == json.Length)
                    return false;

                json = json[from..];
                _seen = 1;
                _open.Push(false);
                IsBroken = json[0] != '{';
            }

            if (json.Length > LongestObject)
                throw new CorruptDumpException(offset, $"a document of more than {LongestObject >> 20} MB, which cannot be");

            var isFound = (!IsBroken && FindEnd(json)) || (IsBroken && FindNextLine(json));
            if (!isFound)
                return false;

            to = from + _seen;
            (_seen, _inText, Skipped, IsBroken) = (0, false, 0, false);
            _open.Clear();
            return true;
        }

        /// <summary>A line that begins with an object. A text has no line break in it, nor does an object follow another value in one.</summary>
        private bool FindNextLine(ReadOnlySpan<byte> json)
        {
            var begin = _seen - 1;
            var next = json[begin..].IndexOf("\n{"u8);
            _seen = next < 0 ? json.Length : begin + next + 1;
            return next >= 0;
        }

        private bool FindEnd(ReadOnlySpan<byte> json)
        {
            while (_seen < json.Length)
            {
                if (_inText)
                {
                    if (!SkipText(json))
                        return false;

                    continue;
                }

                var at = json[_seen..].IndexOfAny(Structure);
                if (at < 0)
                {
                    _seen = json.Length;
                    return false;
                }

                _seen += at + 1;
                switch (json[_seen - 1])
                {
                    case (byte)'"':
                        _inText = true;
                        break;
                    case (byte)'{' or (byte)'[' when !IsValue(json[..(_seen - 1)]):
                        return Break(at: _seen - 1);
                    case (byte)'{' or (byte)'[':
                        _open.Push(json[_seen - 1] == '[');
                        break;
                    default:
                        if (_open.Pop() != (json[_seen - 1] == ']'))
                            return Break(at: _seen);
                        if (_open.Count == 0)
                            return true;
                        break;
                }
            }

            return false;
        }

        /// <summary>False when the text is not there to its end, or is broken.</summary>
        private bool SkipText(ReadOnlySpan<byte> json)
        {
            var next = json[_seen..].IndexOfAny((byte)'"', (byte)'\\', (byte)'\n');
            if (next < 0)
            {
                _seen = json.Length;
                return false;
            }

            switch (json[_seen + next])
            {
                case (byte)'\n':
                    return Break(at: _seen + next);
                case (byte)'\\' when _seen + next + 1 >= json.Length:
                    // What is escaped is not there yet.
                    _seen += next;
                    return false;
                case (byte)'\\':
                    _seen += next + 2;
                    return true;
                default:
                    _seen += next + 1;
                    _inText = false;
                    return true;
            }
        }

        /// <summary>Whether a value may stand behind that.</summary>
        private bool IsValue(ReadOnlySpan<byte> before)
        {
            var last = before.LastIndexOfAnyExcept(" \t\r\n"u8);

            // Nobody begins the value of a key at the begin of a line: that is the next document.
            return _open.Peek() ? before[last] is (byte)',' or (byte)'[' : before[last] == ':' && before[^1] != '\n';
        }

        // What stands there may be the line break before the next object, or its begin.
        private bool Break(int at)
        {
            IsBroken = true;
            _seen = Math.Max(at, 1);
            return false;
        }
    }
}
