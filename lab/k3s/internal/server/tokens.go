package server

import (
	"context"
	"fmt"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/etcd"
	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/token"
)

// tokens are the cluster's secrets as configured or remembered. given may be of the secure form.
type tokens struct{ given, server, agent string }

// readTokens takes the token from the configuration, else from the last start, else makes one.
func readTokens(ctx context.Context, c *config.Config) (tokens, error) {
	var t tokens
	var err error
	if t.given, err = c.Secret(ctx, "token"); err != nil {
		return t, err
	}
	if t.agent, err = c.Secret(ctx, "agent-token"); err != nil {
		return t, err
	}
	known, err := token.Parse(files.ReadTrimmed(c.Data("server", "token")), "server")
	if err != nil {
		return t, fmt.Errorf("%s: %w", c.Data("server", "token"), err)
	}
	parsed, err := token.Parse(t.given, "server")
	if err != nil {
		return t, fmt.Errorf("failed to normalize server token: %w", err)
	}
	t.server = parsed.Password
	switch {
	case t.server == "" && known.Password != "":
		t.server = known.Password
	case t.server == "" && c.String("server", "") == "":
		t.server = token.RandomHex(16)
	case known.Password != "" && known.Password != t.server && etcd.Initialized(c):
		return t, fmt.Errorf("starting kubernetes: preparing server: bootstrap data already found and encrypted with different token")
	}
	return t, nil
}

func (t tokens) serverPassword() string { return t.server }

// agentPassword is the server's unless agents have their own.
func (t tokens) agentPassword() string {
	if t.agent == "" {
		return t.server
	}
	p, err := token.Parse(t.agent, "node")
	if err != nil {
		return t.agent
	}
	return p.Password
}

// agentOrServer joins as an agent would: that also proves that agent-token is the cluster's.
func (t tokens) agentOrServer() string {
	if t.agent != "" {
		return t.agent
	}
	return t.given
}

// verify refuses a secure token of another cluster.
func (t tokens) verify(ca []byte) error {
	p, err := token.Parse(t.given, "server")
	if err != nil {
		return err
	}
	return p.Verify(ca)
}

// writeTokens leaves what operators and agents read: token, node-token (a link to it) and agent-token.
func writeTokens(c *config.Config, ca []byte, t tokens) error {
	dir := c.Data("server")
	write := func(name, user, password string) error {
		_, err := files.WriteChanged(dir+"/"+name, []byte(token.Format(ca, user, password)+"\n"), 0o600)
		return err
	}
	if err := write("token", "server", t.server); err != nil {
		return err
	}
	if err := files.Symlink(dir+"/token", dir+"/node-token"); err != nil {
		return err
	}
	passwd := fmt.Sprintf("%s,node,node,k3s:agent\n%s,server,server,k3s:server\n", t.agentPassword(), t.server)
	if _, err := files.WriteChanged(dir+"/cred/passwd", []byte(passwd), 0o600); err != nil {
		return err
	}
	if t.agent == "" {
		return files.Symlink(dir+"/token", dir+"/agent-token")
	}
	return files.Write(dir+"/agent-token", []byte(token.Format(ca, "node", t.agentPassword())+"\n"), 0o600)
}
