#!/usr/bin/perl
# A stand-in for zabbix_agentd, zabbix_agent2, zabbix_proxy and zabbix_server: it reads its configuration, dies of a key that it cannot use, listens, and as a
# shadow agent says what the real ones say of a server that accepts the keys in /etc/zabbix/server-accepts (lines "identity key", or "unencrypted", or "certificate").
use strict;
use warnings;

my ($agent) = $0 =~ m{([^/]+)$};
my $config = "/etc/zabbix/$agent.conf";
my $told;
while (defined(my $word = shift @ARGV)) {
    if ($word eq '-V') { print "$agent (Zabbix) 6.0.14\nRevision 3f184b456c7 8 March 2023\n\n", content('/etc/zabbix/tls-library'), "\n"; exit 0 }
    if ($word eq '--help') { print "  (default: \"$config\")\n  (default \"$config\")\n"; exit 0 }
    $config = shift @ARGV if $word eq '-c';
    $told = shift @ARGV if $word eq '-R';
}

my %set;
sub load {
    open my $file, '<', $_[0] or die "cannot open config file $_[0]\n";
    while (<$file>) {
        next unless /^\s*(\w+)\s*=\s*(.*?)\s*$/;
        if ($1 eq 'Include') { load($_) for sort grep { -f } -d $2 ? glob("$2/*") : glob($2) }
        else { $set{$1} = $2 }
    }
}
load($config);

sub content { open my $file, '<', $_[0] or return ''; local $/; my $text = <$file> // ''; $text =~ s/\s+$//; return $text }
my $key = content($set{TLSPSKFile} // '');

sub record { open my $log, '>>', $set{LogFile} // '/var/log/agent.log'; print $log "$_[0]\n" }

# Runtime control: what it says to whoever tells it, and what it logs of it, as 6.0 and 7.0 do.
if (defined $told) {
    record("told $told");
    if (-e '/etc/zabbix/says') { print content('/etc/zabbix/says'), "\n"; exit(-e '/etc/zabbix/says-1' ? 1 : 0) }
    if ($told eq 'config_cache_reload' && !-e '/etc/zabbix/logs-nothing') {
        record($agent eq 'zabbix_proxy' ? '  7:20261128:224000.100 received configuration data from server at "192.0.2.1", datalen 4242' : '  7:20261128:224000.100 forced reloading of the configuration cache');
        record('  7:20261128:224000.140 finished forced reloading of the configuration cache') if $agent eq 'zabbix_server' && -e '/etc/zabbix/speaks-7.0';
    }
    print "Runtime control command was forwarded successfully\n";
    exit 0;
}

if ($config eq 'shadow.conf') {
    $| = 1;
    # An agent's user who would have root read another file: whatever lies in the directory becomes a link to it.
    if (-e '/etc/zabbix/shadow-cheats') {
        for my $file (glob '*') { unlink $file; symlink '/root/secret', $file }
        exit 0;
    }
    # A server of its own has a list of its own.
    my $list = "/etc/zabbix/$set{ServerActive}-accepts";
    my $plain = !defined $set{TLSPSKIdentity};
    my $certified = ($set{TLSConnect} // '') eq 'cert';
    my $comes = $certified ? 'certificate' : $plain ? 'unencrypted' : "$set{TLSPSKIdentity} $key";
    my $accepted = grep { $_ eq $comes } split /\n/, content(-e $list ? $list : '/etc/zabbix/server-accepts');
    record('probe ' . ($certified ? join(' ', 'certificate', map { $set{$_} // 'none' } qw(TLSCAFile TLSCertFile TLSKeyFile TLSServerCertIssuer)) : $plain ? 'unencrypted' : $set{TLSPSKIdentity}));
    if ($plain) {
        # No handshake, or one that is not about the host: the server's answer is what tells.
        my $type = $certified ? 'TLS with certificate' : 'unencrypted';
        my $answer = $accepted ? 'host [web-01] not found' : "connection of type \"$type\" is not allowed for host \"web-01\"";
        if ($agent eq 'zabbix_agentd') {
            print "  31:20261123:014834.601 In refresh_active_checks() host:'$set{ServerActive}' port:10051\n";
            print "  31:20261123:014834.604 End of zbx_tls_connect():SUCCEED (established TLS1.3 AES-128-GCM)\n" if $certified;
            print "  31:20261123:014834.610 no active checks on server [$set{ServerActive}:10051]: $answer\n";
            print "  31:20261123:014834.618 End of refresh_active_checks():SUCCEED\n";
        } else {
            print "2026/11/23 01:48:37.629944 [101] In refreshActiveChecks() from [$set{ServerActive}:10051]\n";
            print "2026/11/23 01:48:37.632576 connection established using TLSv1.3 TLS_AES_256_GCM_SHA384\n" if $certified;
            print "2026/11/23 01:48:37.632576 [101] no active checks on server [$set{ServerActive}:10051]: $answer\n" unless $accepted;
            print "2026/11/23 01:48:43.632338 [101] End of refreshActiveChecks() from [$set{ServerActive}:10051]\n";
        }
        sleep 60;
        exit 0;
    }
    if ($agent eq 'zabbix_agentd') {
        print "  31:20261123:014834.601 In refresh_active_checks() host:'$set{ServerActive}' port:10051\n";
        print "  31:20261123:014834.604 End of zbx_tls_connect():SUCCEED (established TLS1.2 ECDHE-PSK-AES-128-CBC-SHA256-32)\n" if $accepted;
        print "  31:20261123:014834.618 Unable to connect to [$set{ServerActive}]:10051 [TCP successful, cannot establish TLS to [[$set{ServerActive}]:10051]: gnutls_handshake() failed: -110]\n" unless $accepted;
        print '  31:20261123:014834.618 End of refresh_active_checks():', ($accepted ? 'SUCCEED' : 'FAIL'), "\n";
    } else {
        # 7.0 names the server without brackets.
        my $server = -e '/etc/zabbix/speaks-7.0' ? "$set{ServerActive}:10051" : "[$set{ServerActive}:10051]";
        print "2026/11/23 01:48:37.629944 [101] In refreshActiveChecks() from $server\n";
        print "2026/11/23 01:48:37.632576 connection established using TLSv1.2 ECDHE-PSK-AES128-CBC-SHA256\n" if $accepted;
        print "2026/11/23 01:48:43.632318 [101] cannot connect to [$set{ServerActive}:10051]: EOF\n" unless $accepted;
        print "2026/11/23 01:48:43.632338 [101] End of refreshActiveChecks() from $server\n";
        print "2026/11/23 01:48:43.632401 [101] cannot monitor metric \"own[1]\": Unknown metric own\n" if $accepted;
    }
    sleep 60;
    exit 0;
}

if (grep { $_ eq $key } split /\n/, content('/etc/zabbix/unusable-keys')) {
    record("invalid PSK in file \"$set{TLSPSKFile}\"");
    exit 0;    # as zabbix_agentd does
}
require IO::Socket::INET; # not before: it takes four times as long to load as all the rest
my $socket = IO::Socket::INET->new(Listen => 1, LocalPort => $set{ListenPort} // ($agent eq 'zabbix_proxy' ? 10051 : 10050), ReuseAddr => 1) or die "cannot listen: $!\n";
open my $pid, '>', $set{PidFile} or die;
print $pid $$;
close $pid;
record('runs as ' . ($set{TLSPSKIdentity} // 'nobody'));
if ($agent eq 'zabbix_proxy' && ($set{ProxyMode} // 0) == 0) {
    # It asks the server every second, and says once that it was refused.
    my $refused = 0;
    while (1) {
        my $accepted = grep { $_ eq "$set{TLSPSKIdentity} $key" } split /\n/, content('/etc/zabbix/server-accepts');
        record("  7:20261123:014834.618 Unable to connect to [192.0.2.1]:10051 [TCP successful, cannot establish TLS to [[192.0.2.1]:10051]: gnutls_handshake() failed: -110]") if !$accepted && !$refused;
        $refused = !$accepted;
        select undef, undef, undef, 0.1;
    }
}
sleep 60 while 1;
