using System.Reflection;
using System.Text.Json;

namespace Eventix.Application.Workers;

/// <summary>The parameters of a message's constructor as the arguments of a task, in both directions.</summary>
internal sealed class TaskArguments
{
    private readonly string _task;
    private readonly ConstructorInvoker _constructor;
    private readonly TaskParameter[] _parameters;
    private readonly Dictionary<string, int> _byName;

    /// <param name="message">A type in which <see cref="Mistakes"/> finds nothing wrong.</param>
    public TaskArguments(string task, Type message)
    {
        var constructor = message.GetConstructors().Single();
        var nullability = new NullabilityInfoContext();
        _task = task;
        _constructor = ConstructorInvoker.Create(constructor);
        _parameters =
        [
            .. constructor
                .GetParameters()
                .Select(parameter => new TaskParameter(parameter, TaskParameter.PropertyOf(message, parameter)!, nullability)),
        ];
        _byName = _parameters.Index().Where(item => !item.Item.IsRaw).ToDictionary(item => item.Item.Name, item => item.Index);
        TakesRawArgs = Array.Exists(_parameters, parameter => parameter.Type == typeof(RawArgs));
        TakesRawKwargs = Array.Exists(_parameters, parameter => parameter.Type == typeof(RawKwargs));
    }

    /// <summary>Why the parameters of a type cannot be bound; empty when they can.</summary>
    public static IEnumerable<string> Mistakes(Type message)
    {
        var constructors = message.GetConstructors();
        if (constructors.Length != 1)
            return [$"it needs exactly one public constructor; it has {constructors.Length}"];

        var parameters = constructors[0].GetParameters();
        var names = parameters.CountBy(parameter => TaskJson.WireName(parameter.Name!)).Where(name => name.Value > 1);
        var raw = parameters
            .Where(parameter => TaskParameter.IsRawType(parameter.ParameterType))
            .CountBy(parameter => parameter.ParameterType);

        return
        [
            .. names.Select(name => $"{name.Value} of its parameters are '{name.Key}' in kwargs"),
            .. raw.Where(type => type.Value > 1).Select(type => $"{type.Value} of its parameters are {type.Key.Name}; one may be"),
            .. parameters
                .Where(parameter => TaskParameter.PropertyOf(message, parameter) is null)
                .Select(parameter => $"its parameter '{parameter.Name}' has no property of that name and type: make it a record"),
            .. parameters
                .Select(parameter => (parameter.Name, Type: JsonReadability.Unreadable(parameter.ParameterType)))
                .Where(parameter => parameter.Type is not null)
                .Select(parameter => $"its parameter '{parameter.Name}' cannot be read from JSON, for {parameter.Type}"),
        ];
    }

    private bool TakesRawArgs { get; }

    private bool TakesRawKwargs { get; }

    /// <summary>Makes the message. Like a Python call: args by position, kwargs by name, defaults for the rest.</summary>
    /// <exception cref="TaskArgumentException">An argument is missing, unknown, given twice or of a wrong type.</exception>
    public object Bind(ReadOnlyMemory<byte> args, ReadOnlyMemory<byte> kwargs)
    {
        var values = new object?[_parameters.Length];
        var given = new bool[_parameters.Length];

        if (!TakesRawArgs)
            BindArgs(args, values, given);
        if (!TakesRawKwargs)
            BindKwargs(kwargs, values, given);

        for (var index = 0; index < _parameters.Length; index++)
        {
            var parameter = _parameters[index];
            if (given[index])
                continue;

            values[index] = parameter switch
            {
                _ when parameter.Type == typeof(RawArgs) => new RawArgs(args),
                _ when parameter.Type == typeof(RawKwargs) => new RawKwargs(kwargs),
                { HasDefault: true } => parameter.Default,
                _ => throw new TaskArgumentException($"{_task}() misses the argument '{parameter.Name}'"),
            };
        }

        return _constructor.Invoke(values.AsSpan());
    }

    /// <summary>What to post so that <see cref="Bind"/> makes <paramref name="message"/> again.</summary>
    public (ReadOnlyMemory<byte> Args, ReadOnlyMemory<byte> Kwargs) Unbind(object message)
    {
        ReadOnlyMemory<byte> args = "[]"u8.ToArray();
        ReadOnlyMemory<byte>? rawKwargs = null;
        var kwargs = new Dictionary<string, JsonElement>();

        foreach (var parameter in _parameters)
        {
            var value = parameter.Property.GetValue(message);
            if (value is RawArgs raw)
                args = raw.Utf8;
            else if (value is RawKwargs rawNames)
                rawKwargs = rawNames.Utf8;
            else
                kwargs[parameter.Name] = JsonSerializer.SerializeToElement(value, parameter.Type, TaskJson.Options);
        }

        return (args, rawKwargs ?? JsonSerializer.SerializeToUtf8Bytes(kwargs, TaskJson.Options));
    }

    /// <summary>The value of a text parameter called `namespace`, which then is the one that the task is posted to; null for none.</summary>
    public string? Namespace(object message) =>
        _byName.TryGetValue("namespace", out var index) ? _parameters[index].Property.GetValue(message) as string : null;

    private void BindArgs(ReadOnlyMemory<byte> args, object?[] values, bool[] given)
    {
        using var document = JsonDocument.Parse(args, TaskJson.DocumentOptions);

        var positional = _byName.Values.Order().ToArray();
        var count = document.RootElement.GetArrayLength();
        if (count > positional.Length)
            throw new TaskArgumentException($"{_task}() takes at most {positional.Length} positional arguments, {count} were given");

        foreach (var (position, value) in document.RootElement.EnumerateArray().Index())
        {
            var index = positional[position];
            values[index] = Read(_parameters[index], value);
            given[index] = true;
        }
    }

    private void BindKwargs(ReadOnlyMemory<byte> kwargs, object?[] values, bool[] given)
    {
        using var document = JsonDocument.Parse(kwargs, TaskJson.DocumentOptions);
        var named = new HashSet<int>();

        foreach (var kwarg in document.RootElement.EnumerateObject())
        {
            if (!_byName.TryGetValue(kwarg.Name, out var index))
                throw new TaskArgumentException($"{_task}() has no argument '{kwarg.Name}'; it takes {Names()}");

            // A name twice in the object is legal JSON, and the last one counts; a name that a position has taken is a mistake.
            if (given[index] && !named.Contains(index))
                throw new TaskArgumentException($"{_task}() got the argument '{kwarg.Name}' twice, by position and by name");

            values[index] = Read(_parameters[index], kwarg.Value);
            given[index] = true;
            named.Add(index);
        }
    }

    private object? Read(TaskParameter parameter, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null && !parameter.IsNullable)
            throw new TaskArgumentException($"{_task}() wants {parameter.TypeName} as '{parameter.Name}', not null");

        try
        {
            return value.Deserialize(parameter.Type, TaskJson.Options);
        }
        catch (Exception mismatch) when (mismatch is JsonException or NotSupportedException or FormatException or InvalidOperationException)
        {
            throw new TaskArgumentException($"{_task}() wants {parameter.TypeName} as '{parameter.Name}', not {Kind(value)}");
        }
    }

    private string Names() => _byName.Count == 0 ? "none" : string.Join(", ", _byName.Keys.Select(name => $"'{name}'"));

    private static string Kind(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => $"the number {value.GetRawText()}",
            _ => "a boolean",
        };
}
