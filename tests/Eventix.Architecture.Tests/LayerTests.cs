using System.Reflection;
using System.Xml.Linq;

namespace Eventix.Architecture.Tests;

public sealed class LayerTests
{
    private static readonly Assembly Domain = typeof(Eventix.Domain.DomainException).Assembly;
    private static readonly Assembly Application = typeof(Eventix.Application.DependencyInjection).Assembly;

    private static IEnumerable<string> UsedBy(Assembly assembly) => assembly.GetReferencedAssemblies().Select(used => used.Name!);

    [Fact]
    public void The_domain_uses_nothing_but_the_base_library() =>
        UsedBy(Domain).Should().OnlyContain(used => used.StartsWith("System.", StringComparison.Ordinal));

    [Theory]
    [InlineData("Npgsql")]
    [InlineData("Microsoft.EntityFrameworkCore")]
    [InlineData("MongoDB")]
    [InlineData("Microsoft.AspNetCore")]
    [InlineData("Serilog")]
    [InlineData("Eventix.Infrastructure")]
    public void The_application_does_not_know(string technology) =>
        UsedBy(Application).Should().NotContain(used => used.StartsWith(technology, StringComparison.Ordinal));

    [Fact]
    public void Projects_refer_inward_only()
    {
        var allowed = new Dictionary<string, string[]>
        {
            ["Eventix.Domain"] = [],
            ["Eventix.Application"] = ["Eventix.Domain"],
            ["Eventix.Infrastructure"] = ["Eventix.Application"],
            ["Eventix.Api"] = ["Eventix.Infrastructure"],
            ["Eventix.Worker"] = ["Eventix.Infrastructure"],
        };

        foreach (var project in Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var refers = XDocument
                .Load(project)
                .Descendants("ProjectReference")
                .Select(to => Path.GetFileNameWithoutExtension(to.Attribute("Include")!.Value));

            refers.Should().BeSubsetOf(allowed[name], "{0} refers inward", name);
        }
    }

    [Fact]
    public void Only_messaging_and_the_sending_of_tasks_know_the_mediator_s_plumbing()
    {
        var knows = Repository
            .SourceFiles()
            .Where(file =>
                File.ReadAllText(Path.Combine(Repository.Root, file)) is var text
                && (
                    text.Contains("IPipelineBehavior", StringComparison.Ordinal)
                    || text.Contains("ServiceFactory", StringComparison.Ordinal)
                )
            )
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}Messaging{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(Path.GetFileName);

        knows.Should().BeEmpty();
    }

    [Fact]
    public void No_folder_is_named_after_a_technique()
    {
        string[] techniques =
        [
            "Commands",
            "Queries",
            "Handlers",
            "Validators",
            "Dtos",
            "DTOs",
            "Helpers",
            "Common",
            "Utils",
            "Services",
            "Interfaces",
        ];

        Repository
            .SourceFiles()
            .SelectMany(file => Path.GetDirectoryName(file)!.Split(Path.DirectorySeparatorChar))
            .Should()
            .NotContain(folder => techniques.Contains(folder));
    }
}
