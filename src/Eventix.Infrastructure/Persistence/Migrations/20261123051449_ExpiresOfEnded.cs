using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Eventix.Schema.Migrations
{
    /// <inheritdoc />
    public partial class ExpiresOfEnded : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_eventix_task_expires",
                table: "eventix_task");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_expires",
                table: "eventix_task",
                column: "expires",
                filter: "expires IS NOT NULL AND status IN ('done', 'error')")
                .Annotation("Npgsql:IndexMethod", "brin")
                .Annotation("Npgsql:StorageParameter:pages_per_range", 32);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_eventix_task_expires",
                table: "eventix_task");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_expires",
                table: "eventix_task",
                column: "expires")
                .Annotation("Npgsql:IndexMethod", "brin")
                .Annotation("Npgsql:StorageParameter:pages_per_range", 32);
        }
    }
}
