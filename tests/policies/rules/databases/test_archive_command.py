import pytest

from policies.rules.databases.archive_command import deletes_segment


@pytest.mark.parametrize(
    "command",
    [
        "aws s3 cp %p s3://teei-csr-backups/wal/%f && rm %p",
        "rm -f %p",
        "cp %p /wal/%f; rm %p",
        "cp %p /wal/%f && /bin/rm '%p'",
        'sh -c "cp %p /wal/%f && rm \\"%p\\""',
        "mv %p /wal/%f",
        "test ! -f /wal/%f && mv %p /wal/%f",
        "aws s3 mv %p s3://wal/%f",
        "rclone move %p remote:wal",
        "rclone moveto %p remote:wal/%f",
        "unlink %p",
        "shred -u %p",
        "truncate -s 0 %p",
        "rsync -a --remove-source-files %p host:/wal/%f",
        "zstd --rm %p -o /wal/%f.zst",
        "find %p -delete",
        "gzip %p && cp %p.gz /wal/",
        "bzip2 -9 %p",
        "xz %p",
        "pigz %p",
        "echo %p | xargs rm",
        ": > %p",
        "cat /dev/null >%p",
        "cp %p /wal/%f || rm %p",
        "cp %p /wal/%f\nrm %p",
        "(cp %p /wal/%f; rm %p)",
    ],
)
def test_commands_that_delete_or_move_the_segment_are_detected(command):
    assert deletes_segment(command)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "/bin/true",
        "cp %p /wal/%f",
        "test ! -f /wal/%f && cp %p /wal/%f",
        "aws s3 cp %p s3://wal/%f",
        "aws s3 cp %p s3://rm/%f",
        "rm -f /wal/old; cp %p /wal/%f",
        "cp %p /wal/%f.tmp && mv /wal/%f.tmp /wal/%f",
        "gzip < %p > /wal/%f.gz",
        "gzip -c %p > /wal/%f.gz",
        "gzip -9c %p > /wal/%f.gz",
        "gzip --stdout %p > /wal/%f.gz",
        "bzip2 --to-stdout %p > /wal/%f.bz2",
        "xz -k %p",
        "xz --keep %p",
        "cat %p | gzip > /wal/%f.gz",
        "cat %p | ssh host 'cat > /wal/%f'",
        "wal-g wal-push %p",
        "pgbackrest --stanza=main archive-push %p",
        "zstd %p -o /wal/%f.zst",
        "ls /wal | xargs rm",
        "echo %p | xargs cat > /wal/%f",
        "cat %p | tee /wal/%f | rm -f /wal/old",
    ],
)
def test_commands_that_only_copy_the_segment_are_allowed(command):
    assert not deletes_segment(command)
