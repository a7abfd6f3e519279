using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration;

/// <summary>Fields of documents that no task has. They are not taken over, as the old server ignored them; but that is said.</summary>
internal sealed class UnknownFields
{
    // Of a collection with keys for names, the first will do.
    private const int MostNames = 20;

    private readonly Dictionary<string, long> _documents = new(StringComparer.Ordinal);
    private long _others;

    public void Add(SourceTask task)
    {
        foreach (var name in task.Unknown)
        {
            if (_documents.Count < MostNames || _documents.ContainsKey(name))
                _documents[name] = _documents.GetValueOrDefault(name) + 1;
            else
                _others++;
        }
    }

    /// <summary>One line for the operator; null when there were none.</summary>
    public string? Describe()
    {
        if (_documents.Count == 0)
            return null;

        var names = _documents.Select(field => $"{DocumentFields.Shown(field.Key)} in {field.Value}");
        return "Fields that no task has were not taken over: "
            + string.Join(", ", names)
            + (_others == 0 ? "" : $", and others {_others} times")
            + ".";
    }
}
