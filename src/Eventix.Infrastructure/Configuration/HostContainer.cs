using Eventix.Application.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Eventix.Infrastructure.Configuration;

/// <summary>
/// The container of a host, checked when it is built: that every service can be made, and every task be run. All mistakes are told at once, those
/// in variables too.
/// </summary>
public sealed class HostContainer : IServiceProviderFactory<IServiceCollection>
{
    private static readonly ServiceProviderOptions Checked = new() { ValidateOnBuild = true, ValidateScopes = true };

    public IServiceCollection CreateBuilder(IServiceCollection services) => services;

    /// <exception cref="OptionsValidationException">Something is wrong; it tells everything, a line for each.</exception>
    public IServiceProvider CreateServiceProvider(IServiceCollection containerBuilder)
    {
        ServiceProvider? provider = null;
        IReadOnlyCollection<Exception> unresolvable = [];
        try
        {
            provider = containerBuilder.BuildServiceProvider(Checked);
        }
        catch (AggregateException incomplete)
        {
            unresolvable = incomplete.InnerExceptions;
        }

        if (containerBuilder.FindTaskMistakes(unresolvable) is { Count: > 0 } mistakes)
        {
            // What is wrong with the variables does not wait until all this is mended. It can be found out without those who lack something.
            using (provider ??= containerBuilder.BuildServiceProvider())
                throw new OptionsValidationException("services", typeof(HostContainer), [.. mistakes, .. provider.WrongVariables()]);
        }

        return provider!;
    }
}
