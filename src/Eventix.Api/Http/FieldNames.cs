using System.Text;
using System.Text.Json;

namespace Eventix.Api.Http;

/// <summary>The fields that a body may have, in the order of the model. A field goes by its place here.</summary>
internal sealed class FieldNames
{
    private readonly string[] _names;

    // By length first: of the 26 fields of a task at most three have the same one.
    private readonly (int Field, byte[] Name)[][] _byLength;

    public FieldNames(params string[] names)
    {
        _names = names;
        _byLength =
        [
            .. Enumerable
                .Range(0, names.Max(name => name.Length) + 1)
                .Select(length =>
                    names
                        .Index()
                        .Where(name => name.Item.Length == length)
                        .Select(name => (name.Index, Encoding.UTF8.GetBytes(name.Item)))
                        .ToArray()
                ),
        ];
    }

    /// <summary>The members of <typeparamref name="TField"/> in snake case, each at its own number.</summary>
    public static FieldNames Of<TField>()
        where TField : struct, Enum => new([.. Enum.GetNames<TField>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)]);

    public int Count => _names.Length;

    public string this[int field] => _names[field];

    /// <summary>The field of that name; -1 when it is not one of these.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.Length >= _byLength.Length)
            return -1;

        foreach (var (field, known) in _byLength[name.Length])
        {
            if (name.SequenceEqual(known))
                return field;
        }

        return -1;
    }
}
