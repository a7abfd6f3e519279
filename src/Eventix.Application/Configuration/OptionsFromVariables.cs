using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Configuration;

/// <summary>Options that read themselves from the variables an operator sets.</summary>
public interface IOptionsFromVariables
{
    /// <summary>Takes over what is set; notes mistakes instead of throwing.</summary>
    void Read(Variables variables);
}

public static class OptionsFromVariables
{
    /// <summary>
    /// Makes `IOptions` of <typeparamref name="TOptions"/> available, read from the host's configuration. The host does not start with a
    /// mistake in it: `OptionsValidationException` (several in an `AggregateException`) names every one.
    /// </summary>
    public static IServiceCollection AddOptionsFromVariables<TOptions>(this IServiceCollection services)
        where TOptions : class, IOptionsFromVariables, new()
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<TOptions>, Reader<TOptions>>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, Reader<TOptions>>());
        services.AddOptions<TOptions>().ValidateOnStart();

        return services;
    }

    /// <summary>
    /// The same for what is needed while the host is still being built; mistakes in it are told when the host starts.
    /// </summary>
    public static TOptions ReadUnchecked<TOptions>(IConfiguration configuration)
        where TOptions : IOptionsFromVariables, new()
    {
        var options = new TOptions();
        options.Read(new Variables(configuration));

        return options;
    }

    private sealed class Reader<TOptions>(IConfiguration configuration) : IConfigureOptions<TOptions>, IValidateOptions<TOptions>
        where TOptions : class, IOptionsFromVariables, new()
    {
        public void Configure(TOptions options) => options.Read(new Variables(configuration));

        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            var variables = new Variables(configuration);
            new TOptions().Read(variables);

            return variables.Mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(variables.Mistakes);
        }
    }
}
