using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Eventix.Schema.Migrations
{
    /// <inheritdoc />
    public partial class ListIndexes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_eventix_task_failed",
                table: "eventix_task");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_listed",
                table: "eventix_task",
                columns: new[] { "namespace", "status", "id" },
                filter: "status <> 'done'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_eventix_task_listed",
                table: "eventix_task");

            migrationBuilder.CreateIndex(
                name: "ix_eventix_task_failed",
                table: "eventix_task",
                columns: new[] { "namespace", "id" },
                filter: "status = 'error'");
        }
    }
}
