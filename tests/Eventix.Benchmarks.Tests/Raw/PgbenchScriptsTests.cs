using System.Text.RegularExpressions;
using Eventix.Benchmarks.Raw;

namespace Eventix.Benchmarks.Tests.Raw;

public sealed partial class PgbenchScriptsTests(BenchServerFixture fixture)
{
    public static TheoryData<string, string> Scripts() =>
        new()
        {
            { nameof(PgbenchScripts.Insert), PgbenchScripts.Insert },
            { nameof(PgbenchScripts.InsertMany), PgbenchScripts.InsertMany },
            { nameof(PgbenchScripts.Claim), PgbenchScripts.Claim },
            { nameof(PgbenchScripts.Cycle), PgbenchScripts.Cycle },
            { nameof(PgbenchScripts.CycleByOwnStatement), PgbenchScripts.CycleByOwnStatement },
            { nameof(PgbenchScripts.CycleMany), PgbenchScripts.CycleMany },
        };

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_has_no_parameter_left_and_no_colon_that_pgbench_takes_for_a_variable(string name, string script)
    {
        script.Should().NotContain("$", name);
        Variable()
            .Matches(script)
            .Select(match => match.Value)
            .Where(variable => !variable.StartsWith(":c_", StringComparison.Ordinal))
            .Should()
            .BeEmpty(name);
    }

    [Fact]
    public async Task Pgbench_posts_claims_and_writes_back_with_our_own_statements_and_every_row_is_there()
    {
        var raw = new RawRuns(fixture.Server, BenchServerFixture.Tiny);

        foreach (var contestant in new[] { raw.Insert, raw.InsertMany, raw.Claim, raw.Cycle, raw.CycleByOwnStatement, raw.CycleMany })
            (await contestant.RunAsync()).Should().BePositive(contestant.Name);
    }

    [GeneratedRegex("(?<!:):[A-Za-z0-9_]+", RegexOptions.None, 1000)]
    private static partial Regex Variable();
}
